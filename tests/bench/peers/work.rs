//! The work that servers are measured at.

use clap::ValueEnum;

use super::target::Api;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// `me` with its awards, the awards of today, the invitation and 20 children
    Me,
    /// 50 children with name, portrait and their own number of children
    Children,
    /// The first sign-in of the day of each user
    SignIn,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Work {
    pub kind: Kind,
    pub connections: u32,
}

pub const ALL: [Work; 5] = [
    of(Kind::Me, 1),
    of(Kind::Me, 32),
    of(Kind::Me, 128),
    of(Kind::Children, 32),
    of(Kind::SignIn, 32),
];

const fn of(kind: Kind, connections: u32) -> Work {
    Work { kind, connections }
}

impl Work {
    pub fn name(self) -> &'static str {
        match self.kind {
            Kind::Me => "me with four lists",
            Kind::Children => "50 children with their counts",
            Kind::SignIn => "signInToday, the first of each user",
        }
    }

    pub fn operation(self, api: Api) -> &'static str {
        match (self.kind, api) {
            (Kind::Me, Api::Newbee) => {
                "{ me { newbeeAwards { id item amount coinId targetId status createdAt } \
                 todayAwards { id item amount coinId targetId status createdAt } \
                 invitation { code class parentId parentCode } \
                 children(first: 20) { totalCount nodes { id name portraitUri } } } }"
            }
            (Kind::Me, Api::Rival) => {
                "{ me { newbeeAwards { id awardItem amount coinId targetId status createdAt } \
                 todayAwards { id awardItem amount coinId targetId status createdAt } \
                 invitation { code class parentId parentCode } \
                 children(first: 20) { totalCount nodes { userId userName portraitUri } } } }"
            }
            (Kind::Children, Api::Newbee) => {
                "{ me { children(first: 50) { nodes { id name portraitUri childrenCount } } } }"
            }
            (Kind::Children, Api::Rival) => {
                "{ me { children(first: 50) { nodes { userId userName portraitUri children { totalCount } } } } }"
            }
            (Kind::SignIn, Api::Newbee) => {
                "mutation { signInToday { award { id item amount coinId status createdAt } \
                 userErrors { __typename message } } }"
            }
            (Kind::SignIn, Api::Rival) => {
                "mutation { signInToday { __typename ... on SignInDone { \
                 award { id awardItem amount coinId status createdAt } } ... on SignInAlreadyDone { message } } }"
            }
        }
    }

    /// Returns a text that is in each right reply, and in no other.
    pub fn expected(self, api: Api) -> &'static str {
        match (self.kind, api) {
            (Kind::Me, _) | (Kind::Children, Api::Rival) => r#""totalCount":"#,
            (Kind::Children, Api::Newbee) => r#""childrenCount":"#,
            (Kind::SignIn, Api::Newbee) => r#""userErrors":[]"#,
            (Kind::SignIn, Api::Rival) => "SignInDone",
        }
    }

    /// Returns the number of users that send requests: those with the most children come first.
    pub fn users(self, users: u32) -> u32 {
        match self.kind {
            Kind::Children => (users / 500).max(1),
            Kind::Me | Kind::SignIn => users,
        }
    }
}
