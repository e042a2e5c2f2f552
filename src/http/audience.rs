//! Audience of an address: the APIs and pages that it serves.

/// Clients of an address. Probes and the start page are served to all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Customers and operators, on one address.
    #[default]
    Everyone,
    /// The customer APIs and pages only.
    Customers,
    /// The admin API and its pages only.
    Operators,
}

impl Audience {
    /// Returns true if the customer APIs are served.
    pub fn has_customers(self) -> bool {
        self != Self::Operators
    }

    /// Returns true if the admin API is served.
    pub fn has_operators(self) -> bool {
        self != Self::Customers
    }

    /// Returns true if an endpoint for `other` is served to this audience.
    pub fn sees(self, other: Self) -> bool {
        self == other || self == Self::Everyone || other == Self::Everyone
    }
}
