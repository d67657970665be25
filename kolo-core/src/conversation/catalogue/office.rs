//! Offices: replies and notices.
use crate::CircleId;
use crate::circle::{Office, OfficeChange, Role};
use crate::conversation::reply::{OfficerLine, Reply};
use crate::conversation::words::Words;
use crate::notice::Notice;

use super::notice::named;

pub(super) fn reply(reply: &Reply) -> Option<Vec<Words>> {
    Some(vec![match reply {
        Reply::OnlyOfficers { name, who } => {
            let who = if who.contains(&Role::Secretary) { "door" } else { "leaders" };
            named("only-officers", name).text("who", who)
        }
        Reply::RoleHow => Words::new("role-how"),
        Reply::Roles { name, organiser, officers, yours } => {
            return Some(roles(name, organiser, officers, *yours));
        }
        Reply::ConfirmRole { name, who, office, you, instead_of } => named("confirm-role", name)
            .name("who", who)
            .words("office", called(*office))
            .words("means", means(*office))
            .text("before", before(*instead_of))
            .flag("you", *you),
        Reply::ConfirmRoleEnd { name, who, office, you, held } => named("confirm-role-end", name)
            .name("who", who)
            .words("office", called(*office))
            .flag("held", *held)
            .flag("you", *you),
        Reply::RoleDone { name, who, office, you, change } => named("role-done", name)
            .name("who", who)
            .words("office", called(*office))
            .words("means", means(*office))
            .flag("you", *you)
            .text("change", changed(*change)),
        _ => return None,
    }])
}

fn roles(name: &str, organiser: &str, officers: &[OfficerLine], yours: bool) -> Vec<Words> {
    let mut lines =
        vec![named("roles", name), Words::new("roles-organiser").name("who", organiser)];
    lines.extend(officers.iter().map(|officer| {
        Words::new("roles-line")
            .text("office", officer.office.as_str())
            .name("who", &officer.who)
            .flag("asked", !officer.accepted)
    }));
    lines.push(Words::new("roles-money").apart());
    if yours {
        lines.push(Words::new("role-how"));
    }
    lines
}

pub(super) fn notice(notice: &Notice) -> Option<Words> {
    let Notice::Office { name, who, you, office, change, vacant, instead_of, .. } = notice else {
        return None;
    };
    let words = named("notice-office", name)
        .name("who", who)
        .flag("you", *you)
        .words("office", called(*office))
        .words("means", means(*office))
        .text("change", changed(*change))
        .text("before", before(*instead_of))
        .flag("vacant", *vacant);
    Some(words)
}

/// Buttons for who was asked.
pub(super) fn orders(notice: &Notice) -> Option<Vec<(&'static str, String)>> {
    match notice {
        Notice::Office { circle, change: OfficeChange::Asked, .. } => Some(answers(circle)),
        _ => None,
    }
}

/// The two answers to the question, as labels and the commands they give.
pub(in crate::conversation) fn answers(circle: &CircleId) -> Vec<(&'static str, String)> {
    vec![
        ("label-accept-role", format!("ACCEPT ROLE {circle}")),
        ("label-decline-role", format!("DECLINE ROLE {circle}")),
    ]
}

fn called(office: Office) -> Words {
    Words::new(match office {
        Office::Chairman => "office-chairman",
        Office::Secretary => "office-secretary",
        Office::Treasurer => "office-treasurer",
    })
}

fn means(office: Office) -> Words {
    Words::new(match office {
        Office::Chairman => "office-chairman-means",
        Office::Secretary => "office-secretary-means",
        Office::Treasurer => "office-treasurer-means",
    })
}

/// What ends with a yes, for a selection.
fn before(instead_of: Option<Office>) -> &'static str {
    instead_of.map_or("none", Office::as_str)
}

const fn changed(change: OfficeChange) -> &'static str {
    match change {
        OfficeChange::Asked => "asked",
        OfficeChange::Withdrawn => "withdrawn",
        OfficeChange::Declined => "declined",
        OfficeChange::Taken => "taken",
        OfficeChange::Ended => "ended",
    }
}
