// Data layer of Mercurius: batch functions over a few connections in pipeline mode.
// Environment: PGHOST, PGPORT, PGUSER, PGDATABASE, CONNECTIONS.
import { createHash } from 'node:crypto'
import pg from 'pg'

// '2026-11-22 16:05:31.23+00' to RFC 3339: as text, which costs less than a Date
pg.types.setTypeParser(1184, time => time.slice(0, 10) + 'T' + time.slice(11, -3) + 'Z')

const connections = await Promise.all(Array.from({ length: Number(process.env.CONNECTIONS) }, async () => {
  const client = new pg.Client({ options: '-c timezone=UTC', pipeline: true })
  await client.connect()
  return client
}))
let turn = 0

async function query (name, text, values) {
  turn = (turn + 1) % connections.length
  const { rows } = await connections[turn].query({ name, text, values })
  return rows
}

const AWARD = `user_id, id, award_item as "awardItem", amount, coin_id as "coinId", target_id as "targetId", status,
  created_at as "createdAt"`
const USER = 'user_id as "userId", user_name as "userName", portrait_uri as "portraitUri"'

function lists (keys, rows, column) {
  const found = new Map()
  for (const row of rows) {
    const list = found.get(row[column])
    if (list === undefined) found.set(row[column], [row])
    else list.push(row)
  }
  return keys.map(key => found.get(key) ?? [])
}

export async function userOfSession (key) {
  if (!key) return null
  const hash = createHash('sha256').update(key).digest()
  const rows = await query('session', `select u.${USER} from rewards.sessions s join rewards.users u using (user_id)
    where s.token_hash = $1 and s.expires_at > now()`, [hash])
  return rows[0] ?? null
}

export async function newbeeAwards (users) {
  const rows = await query('newbee', `select ${AWARD} from rewards.newbee_awards
    where user_id = any($1::bigint[]) order by id`, [users])
  return lists(users, rows, 'user_id')
}

export async function todayAwards (users) {
  const rows = await query('today', `select ${AWARD} from rewards.daily_awards
    where user_id = any($1::bigint[]) and award_day = rewards.today() order by id`, [users])
  return lists(users, rows, 'user_id')
}

export async function invitations (users) {
  const rows = await query('invitation', `select user_id, code, class, parent_id as "parentId", parent_code as "parentCode"
    from rewards.invitations where user_id = any($1::bigint[])`, [users])
  const found = new Map(rows.map(row => [row.user_id, row]))
  return users.map(user => found.get(user) ?? null)
}

export async function childCounts (users) {
  const rows = await query('count', `select parent_id, count(*)::int as count from rewards.users
    where parent_id = any($1::bigint[]) group by parent_id`, [users])
  const found = new Map(rows.map(row => [row.parent_id, row.count]))
  return users.map(user => found.get(user) ?? 0)
}

export async function children (users, first) {
  const rows = await query('children', `select p.id as parent_id, c.* from unnest($1::bigint[]) p(id) cross join lateral
    (select ${USER} from rewards.users u where u.parent_id = p.id order by u.user_id limit $2) c`, [users, first])
  return lists(users, rows, 'parent_id')
}

export async function signIn (user) {
  const rows = await query('sign_in', `insert into rewards.daily_awards (user_id, award_item, award_day, amount, coin_id, status)
    values ($1, 'sign_in', rewards.today(), 1, 1, 'granted') on conflict (user_id, award_day, award_item) do nothing
    returning ${AWARD}`, [user])
  return rows[0] ?? null
}
