//! The book: its pages are there, all of them are in it, and links lead somewhere.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::repository::{files, read, root};

/// Pages outside the book whose links are looked at as well.
const OUTSIDE: [&str; 3] = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// Where the links of a page lead, without those that leave the repository and those in code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code || line.starts_with("    ") {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let Some((link, _)) = line[at + 2..].split_once(')') else { continue };
            if !link.contains("://") && !link.starts_with("mailto:") {
                found.push(link.to_owned());
            }
        }
    }
    found
}

/// `docs/adr/../guide` → `docs/guide`.
fn resolved(page: &str, link: &str) -> PathBuf {
    let mut path = Path::new(page).parent().unwrap().to_owned();
    for part in Path::new(link).components() {
        match part {
            std::path::Component::ParentDir => _ = path.pop(),
            std::path::Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

/// The anchors of a page's headings, as mdBook and the forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| -> String {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// What is wrong with a page's links.
fn dangling(page: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for link in links(text) {
        let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let target = if path.is_empty() { PathBuf::from(page) } else { resolved(page, path) };
        if !root().join(&target).exists() {
            wrong.push(format!("{page}: {link} leads nowhere"));
        } else if !anchor.is_empty() && !anchors(&read(target.to_str().unwrap())).contains(anchor) {
            wrong.push(format!("{page}: {link} names no heading"));
        }
    }
    wrong
}

#[test]
fn the_summary_names_every_page_once_and_no_other() {
    let mut named: Vec<PathBuf> =
        links(&read("docs/SUMMARY.md")).iter().map(|it| resolved("docs/SUMMARY.md", it)).collect();
    named.sort();
    let is_page = |file: &String| file != "docs/SUMMARY.md";
    let there: Vec<PathBuf> =
        files("docs", "md").into_iter().filter(is_page).map(PathBuf::from).collect();
    assert_eq!(named, there, "docs/SUMMARY.md against the pages of docs/");
}

#[test]
fn no_link_leads_nowhere() {
    let mut pages = files("docs", "md");
    pages.extend(OUTSIDE.map(str::to_owned));
    let wrong: Vec<String> = pages.iter().flat_map(|page| dangling(page, &read(page))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(pages.iter().any(|page| !links(&read(page)).is_empty()));
}

#[test]
fn the_book_is_made_of_docs() {
    let book = read("docs/book.toml");
    assert!(book.lines().any(|line| line == "src = \".\""), "{book}");
}

#[test]
fn dangling_links_are_found() {
    let text = "
[there](guide/contract.md#the-built-contracts) [gone](nowhere.md) [out](https://example.org/y)
[no heading](guide/contract.md#nothing-such)
```
[in code](nowhere.md)
```
";
    let expected = [
        "docs/errors.md: nowhere.md leads nowhere",
        "docs/errors.md: guide/contract.md#nothing-such names no heading",
    ];
    assert_eq!(dangling("docs/errors.md", text), expected);
}
