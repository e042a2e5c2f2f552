// The benchmark's API with PostGraphile, in two processes. The types come from the tables and the comments in rivals.sql.
// Environment: PORT, PGHOST, PGPORT, PGUSER, PGDATABASE; CONNECTIONS to Postgres of each process.
import cluster from 'node:cluster'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { TYPES, sideEffectWithPgClient } from 'postgraphile/@dataplan/pg'
import { context, get } from 'postgraphile/grafast'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { extendSchema } from 'postgraphile/utils'

const SIGN_IN = `
  with viewer as (select user_id from rewards.sessions where token_hash = $1::bytea and expires_at > now()),
  done as (insert into rewards.daily_awards (user_id, award_item, award_day, amount, coin_id, status)
    select user_id, 'sign_in', rewards.today(), 1, 1, 'granted' from viewer
    on conflict (user_id, award_day, award_item) do nothing returning *)
  select v.user_id as viewer, d.id::text, d.award_item as "awardItem", d.amount::text, d.coin_id as "coinId", d.status,
    to_json(d.created_at)#>>'{}' as "createdAt"
  from viewer v left join done d on true`

const RewardsPlugin = extendSchema(({ sql, pgResources: { sessions, users, daily_awards: daily } }) => ({
  typeDefs: /* GraphQL */ `
    extend type Query { me: User }
    extend type User { todayAwards: [DailyAward!] }
    extend type Mutation { signInToday: SignInResult }
    union SignInResult = SignInDone | SignInAlreadyDone
    type SignInDone { award: SignInAward }
    type SignInAlreadyDone { message: String! }
    type SignInAward { id: ID! awardItem: String! amount: String! coinId: Int! status: String! createdAt: String! }
  `,
  plans: {
    Query: {
      me () {
        const $sessions = sessions.find({ token_hash: context().get('keyHash') })
        $sessions.where(sql`${$sessions}.expires_at > now()`)
        return users.get({ user_id: $sessions.single().get('user_id') })
      },
    },
    User: {
      todayAwards ($user) {
        const $awards = daily.find({ user_id: $user.get('user_id') })
        $awards.where(sql`${$awards}.award_day = rewards.today()`)
        return $awards
      },
    },
    Mutation: {
      signInToday () {
        return sideEffectWithPgClient(users.executor, context().get('keyHash'), async (client, hash) => {
          const { rows } = await client.query({ name: 'sign_in', text: SIGN_IN, values: [TYPES.bytea.toPg(hash)] })
          if (rows.length === 0) throw new Error('unauthenticated')
          return rows[0].id === null
            ? { __typename: 'SignInAlreadyDone', message: 'already signed in today' }
            : { __typename: 'SignInDone', award: rows[0] }
        })
      },
    },
    SignInResult: { __planType: $result => ({ $__typename: get($result, '__typename') }) },
  },
}))

// There are no node ids, so the column `id` may keep its name.
const KeepIdPlugin = {
  name: 'KeepIdPlugin',
  version: '1.0.0',
  inflection: {
    replace: {
      _attributeName: (previous, _options, details) => previous({ ...details, skipRowId: true }),
    },
  },
}

const preset = {
  extends: [PostGraphileAmberPreset],
  disablePlugins: ['NodePlugin'],
  plugins: [KeepIdPlugin, RewardsPlugin],
  pgServices: [makePgService({
    poolConfig: {
      host: process.env.PGHOST,
      port: Number(process.env.PGPORT),
      user: process.env.PGUSER,
      database: process.env.PGDATABASE,
      options: '-c timezone=UTC',
      max: Number(process.env.CONNECTIONS),
      min: 1,
    },
    schemas: ['rewards'],
    pubsub: false,
  })],
  gather: { installWatchFixtures: false },
  schema: { defaultBehavior: '-insert -update -delete -mutation' },
  grafserv: { graphqlPath: '/graphql', graphiql: false, websockets: false, watch: false },
  grafast: {
    explain: false,
    // Without pgSettings, PostGraphile needs no transaction around each statement.
    context ({ node }) {
      const header = node?.req.headers.authorization
      return { keyHash: header?.startsWith('Bearer ') ? createHash('sha256').update(header.slice(7)).digest() : Buffer.alloc(0) }
    },
  },
}

if (cluster.isPrimary) {
  for (let worker = 0; worker < 2; worker++) cluster.fork()
  cluster.on('exit', () => process.exit(1))
} else {
  const server = createServer()
  server.keepAliveTimeout = 60000
  await postgraphile(preset).createServ(grafserv).addTo(server)
  server.listen(Number(process.env.PORT), '127.0.0.1', 1024)
}
