//! Who may know whom: the arrows of the design, checked against the resolved dependency graph.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::run::{Failure, cargo, output};

/// Our crates and which of ours each may depend on (not counting tests).
const MAY_KNOW: [(&str, &[&str]); 5] = [
    ("kolo-rules", &[]),
    ("kolo-core", &["kolo-rules"]),
    ("kolo-store", &["kolo-core", "kolo-rules"]),
    ("kolo-stellar", &["kolo-core", "kolo-rules"]),
    ("kolo-localnet", &[]),
];

/// What the domain must never stand on, not even through others.
const NOT_IN_CORE: [&str; 10] = [
    "sqlx",
    "sqlx-core",
    "reqwest",
    "hyper",
    "axum",
    "tokio",
    "stellar-xdr",
    "stellar-strkey",
    "soroban-env-host",
    "soroban-sdk",
];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Checks them.
pub fn check() -> Result<(), Failure> {
    let text =
        output(cargo().args(["metadata", "--format-version", "1", "--locked", "--all-features"]))?;
    let metadata: Value = serde_json::from_slice(&text)
        .map_err(|e| Failure::Wrong(format!("cargo metadata: {e}")))?;
    let wrong = violations(&graph(&metadata));
    if wrong.is_empty() {
        eprintln!("xtask: the arrows of the design hold");
        Ok(())
    } else {
        Err(Failure::Wrong(format!("forbidden dependencies: {}", wrong.join("; "))))
    }
}

fn violations(graph: &Graph) -> Vec<String> {
    let mut wrong = Vec::new();
    for (crate_name, allowed) in MAY_KNOW {
        let Some(direct) = graph.get(crate_name) else {
            wrong.push(format!("{crate_name} is missing"));
            continue;
        };
        for other in direct.iter().filter(|name| name.starts_with("kolo-")) {
            if !allowed.contains(&other.as_str()) {
                wrong.push(format!("{crate_name} → {other}"));
            }
        }
    }
    if let Some(deps) = graph.get("kolo-rules") {
        wrong.extend(deps.iter().map(|dep| format!("kolo-rules → {dep} (it has no dependencies)")));
    }
    let reached = reachable(graph, "kolo-core");
    wrong.extend(
        NOT_IN_CORE
            .iter()
            .filter(|name| reached.contains(**name))
            .map(|name| format!("kolo-core ⇒ {name}")),
    );
    wrong
}

fn reachable(graph: &Graph, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut todo = vec![from.to_owned()];
    while let Some(name) = todo.pop() {
        for next in graph.get(&name).into_iter().flatten() {
            if seen.insert(next.clone()) {
                todo.push(next.clone());
            }
        }
    }
    seen
}

/// Crate → its normal and build dependencies, by package name.
fn graph(metadata: &Value) -> Graph {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names: BTreeMap<String, String> = list(&metadata["packages"])
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let mut graph = Graph::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let Some(name) = names.get(&text(&node["id"])) else {
            continue;
        };
        let to = graph.entry(name.clone()).or_default();
        for dep in list(&node["deps"]) {
            let counts = list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
            if let Some(dep) = names.get(&text(&dep["pkg"])).filter(|_| counts) {
                to.insert(dep.clone());
            }
        }
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(arrows: &[(&str, &[&str])]) -> Graph {
        let own = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        arrows.iter().map(|(from, to)| ((*from).to_owned(), own(to))).collect()
    }

    const GOOD: [(&str, &[&str]); 6] = [
        ("kolo-rules", &[]),
        ("kolo-core", &["kolo-rules", "serde"]),
        ("kolo-store", &["kolo-core", "sqlx"]),
        ("kolo-stellar", &["kolo-core"]),
        ("kolo-localnet", &["soroban-env-host"]),
        ("sqlx", &["tokio"]),
    ];

    #[test]
    fn the_design_passes() {
        assert_eq!(violations(&graph(&GOOD)), Vec::<String>::new());
    }

    #[test]
    fn each_forbidden_arrow_is_found() {
        let cases: [(&str, &[&str], &str); 5] = [
            ("kolo-rules", &["serde"], "kolo-rules → serde (it has no dependencies)"),
            ("kolo-core", &["kolo-store"], "kolo-core → kolo-store"),
            ("kolo-store", &["kolo-core", "kolo-stellar"], "kolo-store → kolo-stellar"),
            ("kolo-core", &["kolo-rules", "sqlx"], "kolo-core ⇒ tokio"),
            ("kolo-localnet", &["kolo-core"], "kolo-localnet → kolo-core"),
        ];
        for (from, to, expected) in cases {
            let mut arrows = GOOD.to_vec();
            arrows.retain(|(name, _)| *name != from);
            arrows.push((from, to));
            let wrong = violations(&graph(&arrows));
            assert!(wrong.iter().any(|w| w == expected), "{expected}: {wrong:?}");
        }
    }
}
