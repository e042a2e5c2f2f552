//! Shards of the users of a distributed database, so that a batch can be cut into statements of one shard each.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::id::UserId;

/// First hash of each shard of a distributed database, ascending. Clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardMap(Arc<[i32]>);

impl ShardMap {
    /// Returns the number of the shard of a user.
    pub fn shard_of(&self, user: UserId) -> usize {
        let hash = hash_of(user.0);
        self.0.partition_point(|first| *first <= hash).saturating_sub(1)
    }

    /// Groups items by the shard of their users, in the order of the shards.
    pub fn group<T>(&self, items: Vec<T>, user_of: impl Fn(&T) -> UserId) -> Vec<Vec<T>> {
        let mut groups: BTreeMap<usize, Vec<T>> = BTreeMap::new();
        for item in items {
            groups.entry(self.shard_of(user_of(&item))).or_default().push(item);
        }
        groups.into_values().collect()
    }

    /// Returns the smallest positive number that falls into a shard.
    pub fn user_in(&self, shard: usize) -> UserId {
        let numbers = (1..).map(UserId);
        let mut of_shard = numbers.filter(|user| self.shard_of(*user) == shard);
        of_shard.next().expect("every shard has users")
    }

    /// Returns the number of shards.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<i32> for ShardMap {
    fn from_iter<I: IntoIterator<Item = i32>>(firsts: I) -> Self {
        Self(firsts.into_iter().collect())
    }
}

/// Returns `hashint8` of Postgres, which determines the shard of a user.
pub fn hash_of(value: i64) -> i32 {
    let (low, high) = (value as u32, (value >> 32) as u32);
    hash_u32(low ^ if value >= 0 { high } else { !high })
}

/// Returns `hash_uint32` of Postgres: the final mixing of Bob Jenkins' lookup3.
fn hash_u32(key: u32) -> i32 {
    let start = 0x9e37_79b9_u32.wrapping_add(4).wrapping_add(3_923_095);
    let (mut a, mut b, mut c) = (start.wrapping_add(key), start, start);
    let mix = |x: u32, y: u32, bits: u32| (x ^ y).wrapping_sub(y.rotate_left(bits));
    c = mix(c, b, 14);
    a = mix(a, c, 11);
    b = mix(b, a, 25);
    c = mix(c, b, 16);
    a = mix(a, c, 4);
    b = mix(b, a, 14);
    c = mix(c, b, 24);
    c.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_fall_into_the_shard_whose_range_holds_their_hash() {
        let map: ShardMap = [i32::MIN, -1_073_741_824, 0, 1_073_741_824].into_iter().collect();
        assert_eq!(map.count(), 4);
        for user in 1..1_000 {
            let shard = map.shard_of(UserId(user));
            let place = (i64::from(hash_of(user)) - i64::from(i32::MIN)) / 1_073_741_824;
            assert_eq!(i64::try_from(shard), Ok(place), "user {user}");
        }
        for shard in 0..4 {
            assert_eq!(map.shard_of(map.user_in(shard)), shard);
        }
    }
}
