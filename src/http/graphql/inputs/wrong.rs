//! Error in an input value.

/// Error in an input value, with the position inside it, built from the inside out.
#[derive(Debug)]
pub struct Wrong {
    place: String,
    reason: String,
}

impl Wrong {
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            place: String::new(),
            reason: reason.into(),
        }
    }

    pub fn type_expected(type_name: &str) -> Self {
        Self::new(format!("expected a value of type \"{type_name}\""))
    }

    /// Prepends a step to the position: a field of an object (`.name`) or an item of a list (`[3]`).
    pub fn inside(mut self, step: &str) -> Self {
        self.place.insert_str(0, step);
        self
    }

    /// Returns a sentence about the whole value; its name is followed by the position inside it.
    pub fn about(self, name: &str, end_of_name: &str) -> String {
        format!("{name}{}{end_of_name} is invalid: {}.", self.place, self.reason)
    }
}

/// Checks each item of a list.
///
/// # Errors
/// The first error, with the index of the item.
pub fn at_each<'items, Item>(
    items: &'items [Item],
    mut check: impl FnMut(&'items Item) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    items
        .iter()
        .enumerate()
        .try_for_each(|(index, item)| check(item).map_err(|wrong| wrong.inside(&format!("[{index}]"))))
}
