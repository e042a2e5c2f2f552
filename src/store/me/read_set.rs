//! Reads of one request, each with its outcome once a statement has run.

use std::any::Any;
use std::ptr;

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};

use super::Part;
use super::part::Asks;
use super::sessions::LiveSession;
use crate::domain::id::UserId;
use crate::domain::session::SessionKeyHash;
use crate::store::failure::ServiceError;

/// User of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    User(UserId),
    /// Those of the user of the set's session key. Once a statement has run, it is [`Self::User`].
    Session,
}

impl From<UserId> for Whose {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

/// Reads of one request. Equal reads are one read; each of their users takes the outcome.
#[derive(Default)]
pub struct ReadSet {
    session: Option<SessionRead>,
    reads: Vec<Box<dyn AnyRead>>,
    /// Error of all reads without an outcome.
    failure: Option<ServiceError>,
}

/// Look-up of a session key in the same statement.
pub struct SessionRead {
    pub(super) key: SessionKeyHash,
    /// `None` in it if the key is unknown or revoked.
    pub(super) outcome: Option<Result<Option<LiveSession>, ServiceError>>,
}

/// Outcome of a read.
type Outcome<P> = Result<<P as Part>::Value, ServiceError>;

impl ReadSet {
    /// Creates a set of one read.
    pub fn of(user: UserId, part: impl Part) -> Self {
        let mut set = Self::default();
        set.add(user, part);
        set
    }

    /// Creates an empty set for reads of the user of a session key.
    pub fn of_session(key: SessionKeyHash) -> Self {
        Self {
            session: Some(SessionRead { key, outcome: None }),
            ..Self::default()
        }
    }

    /// Creates a set whose reads all fail.
    pub fn failed(error: ServiceError) -> Self {
        Self {
            failure: Some(error),
            ..Self::default()
        }
    }

    /// Adds a read. Call [`Self::take`] as many times.
    pub fn add<P: Part>(&mut self, whose: impl Into<Whose>, part: P) {
        let whose = whose.into();
        match self.find::<P>(whose, &part) {
            Some(place) => self.read_at::<P>(place).uses += 1,
            None => self.reads.push(Box::new(Read {
                whose,
                part,
                uses: 1,
                outcome: None,
            })),
        }
    }

    /// Takes the outcome of a read.
    ///
    /// # Errors
    /// If the read failed, or the set does not have it.
    pub fn take<P: Part>(&mut self, user: UserId, part: &P) -> Result<P::Value, ServiceError> {
        self.take_prefetched(user, part).unwrap_or(Err(ServiceError::LOST))
    }

    /// Takes the outcome of a read; `None` if the set does not have it.
    pub fn take_prefetched<P: Part>(&mut self, user: UserId, part: &P) -> Option<Outcome<P>> {
        let Some(place) = self.find::<P>(user.into(), part) else {
            return self.failure.clone().map(Err);
        };
        let read = self.read_at::<P>(place);
        read.uses = read.uses.saturating_sub(1);
        if read.uses > 0 {
            return read.outcome.clone();
        }
        let outcome = read.outcome.take();
        self.reads.swap_remove(place);
        outcome
    }

    /// Returns the session of the set's key; `None` if the key is unknown or revoked.
    ///
    /// # Errors
    /// If the look-up failed, or the set has no session key.
    pub fn session(&self) -> Result<Option<LiveSession>, ServiceError> {
        let outcome = self.session.as_ref().and_then(|session| session.outcome.clone());
        outcome.unwrap_or_else(|| Err(self.failure.clone().unwrap_or(ServiceError::LOST)))
    }

    /// Returns true if nothing is to be read.
    pub fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.session.is_none()
    }

    /// Moves the outcomes that another set has to the reads of this one, and returns true if no read is left without
    /// an outcome.
    pub fn fill_from(&mut self, other: &mut Self) -> bool {
        if other.failure.is_some() {
            self.failure.clone_from(&other.failure);
        }
        for read in &mut self.reads {
            if let Some(place) = other.reads.iter().position(|other| read.is_equal(&**other))
                && read.fill_from(&mut *other.reads[place])
            {
                other.reads.swap_remove(place);
            }
        }
        self.failure.is_some() || self.reads.iter().all(|read| read.has_outcome())
    }

    /// Splits the set into one per read.
    pub fn split(self) -> impl Iterator<Item = Self> {
        self.reads.into_iter().map(|read| Self {
            reads: vec![read],
            ..Self::default()
        })
    }

    /// Adds the reads of another set.
    pub fn append(&mut self, mut other: Self) {
        self.reads.append(&mut other.reads);
        self.failure = self.failure.take().or(other.failure);
    }

    /// Returns the look-up of the session key and the reads, as far as they have no outcome.
    pub(super) fn pending(
        &mut self,
    ) -> (
        Option<&mut SessionRead>,
        impl Iterator<Item = &mut (dyn AnyRead + 'static)>,
    ) {
        let session = self.session.as_mut().filter(|session| session.outcome.is_none());
        let reads = self.reads.iter_mut().map(|read| &mut **read);
        (session, reads.filter(|read| !read.has_outcome()))
    }

    fn find<P: Part>(&self, whose: Whose, part: &P) -> Option<usize> {
        let mut reads = self.reads.iter().map(|read| &**read);
        reads.position(|read| Read::of(read).is_some_and(|read| read.is(whose, part)))
    }

    fn read_at<P: Part>(&mut self, place: usize) -> &mut Read<P> {
        let read = &mut *self.reads[place] as &mut dyn Any;
        read.downcast_mut().expect("the read was found by its type")
    }
}

/// Read of one part, with its outcome once a statement has run.
struct Read<P: Part> {
    whose: Whose,
    part: P,
    /// Number of times that the outcome will be taken.
    uses: usize,
    outcome: Option<Outcome<P>>,
}

impl<P: Part> Read<P> {
    fn is(&self, whose: Whose, part: &P) -> bool {
        self.whose == whose && self.part == *part
    }

    fn of(read: &dyn AnyRead) -> Option<&Self> {
        (read as &dyn Any).downcast_ref()
    }
}

/// Place of a read in a statement.
pub struct Slot<'a> {
    pub read: &'a mut dyn AnyRead,
    /// The number in `asked.user_id`: see [`super::statement`].
    pub asked_user: i64,
}

/// [`Read`] of any part.
pub trait AnyRead: Any + Send + Sync {
    fn whose(&self) -> Whose;
    fn set_user(&mut self, user: UserId);
    /// Returns the identity of the SQL.
    fn sql_id(&self) -> usize;
    /// Writes the SQL: see [`super::part::PartSql::write`].
    fn write_sql(&self, number: usize, asks: Asks, placeholders: &mut dyn Iterator<Item = usize>, text: &mut String);
    /// Binds the arguments of several reads with this SQL.
    fn bind(&self, slots: &[Slot<'_>], arguments: &mut PgArguments) -> Result<(), BoxDynError>;
    fn is_shared(&self) -> bool;
    fn reads_others(&self) -> bool;
    fn has_outcome(&self) -> bool;
    fn is_equal(&self, other: &dyn AnyRead) -> bool;
    /// Starts with the outcome of a read without rows.
    fn start(&mut self);
    /// Adds a row. A row that cannot be decoded is an error of this read only.
    fn add_row(&mut self, row: &PgRow);
    /// Sorts the rows, after the last one.
    fn finish(&mut self);
    fn fail(&mut self, error: &ServiceError);
    /// Takes the outcome of an equal read. Returns true if it was the last use of that one.
    fn fill_from(&mut self, other: &mut dyn AnyRead) -> bool;
    /// Copies the outcome of another read of a shared part.
    fn fill_from_shared(&mut self, other: &dyn AnyRead);
}

impl<P: Part> AnyRead for Read<P> {
    fn whose(&self) -> Whose {
        self.whose
    }

    fn set_user(&mut self, user: UserId) {
        self.whose = Whose::User(user);
    }

    fn sql_id(&self) -> usize {
        ptr::from_ref(self.part.sql()).addr()
    }

    fn write_sql(&self, number: usize, asks: Asks, placeholders: &mut dyn Iterator<Item = usize>, text: &mut String) {
        self.part.sql().write(number, asks, placeholders, text);
    }

    fn bind(&self, slots: &[Slot<'_>], arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        let parts: Vec<&P> = slots
            .iter()
            .filter_map(|slot| Some(&Self::of(slot.read)?.part))
            .collect();
        let mut columns = self.part.sql().arguments.iter();
        columns.try_for_each(|column| (column.bind)(&parts, arguments))
    }

    fn is_shared(&self) -> bool {
        P::IS_SHARED
    }

    fn reads_others(&self) -> bool {
        self.part.sql().from_of_shard.is_some()
    }

    fn has_outcome(&self) -> bool {
        self.outcome.is_some()
    }

    fn is_equal(&self, other: &dyn AnyRead) -> bool {
        Self::of(other).is_some_and(|other| other.is(self.whose, &self.part))
    }

    fn start(&mut self) {
        self.outcome = Some(Ok(P::Value::default()));
    }

    fn add_row(&mut self, row: &PgRow) {
        if let Some(Ok(value)) = &mut self.outcome
            && let Whose::User(user) = self.whose
            && let Err(error) = self.part.add_row(user, value, row)
        {
            self.outcome = Some(Err(error.into()));
        }
    }

    fn finish(&mut self) {
        if let Some(Ok(value)) = &mut self.outcome {
            P::sort(value);
        }
    }

    fn fail(&mut self, error: &ServiceError) {
        self.outcome = Some(Err(error.clone()));
    }

    fn fill_from(&mut self, other: &mut dyn AnyRead) -> bool {
        let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() else {
            return false;
        };
        other.uses = other.uses.saturating_sub(1);
        self.outcome = match other.uses {
            0 => other.outcome.take(),
            _ => other.outcome.clone(),
        };
        other.uses == 0
    }

    fn fill_from_shared(&mut self, other: &dyn AnyRead) {
        self.outcome = Self::of(other).and_then(|other| other.outcome.clone());
    }
}
