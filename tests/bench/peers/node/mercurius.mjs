// The benchmark's API with Mercurius: one process, its JIT compiler, its loaders, and pg in pipeline mode.
// Environment: PORT, and that of data.mjs.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import * as data from './data.mjs'

const schema = `
  type Query { me: User! }
  type Mutation { signInToday: SignInResult! }
  union SignInResult = SignInDone | SignInAlreadyDone
  type SignInDone { award: Award! }
  type SignInAlreadyDone { message: String! }
  type User {
    userId: ID!
    userName: String!
    portraitUri: String!
    newbeeAwards: [Award!]!
    todayAwards: [Award!]!
    invitation: Invitation!
    children(first: Int = 20): UserConnection!
  }
  type UserConnection { totalCount: Int! nodes: [User!]! }
  type Invitation { code: String! class: String! parentId: ID parentCode: String }
  type Award {
    id: ID!
    awardItem: String!
    amount: String!
    coinId: Int!
    targetId: ID
    status: String!
    createdAt: String!
  }
`

async function viewer (context) {
  const user = await data.userOfSession(context.key)
  if (user === null) throw new mercurius.ErrorWithProps('unauthenticated', { code: 'UNAUTHENTICATED' })
  return user
}

const resolvers = {
  Query: { me: (_, __, context) => viewer(context) },
  Mutation: {
    async signInToday (_, __, context) {
      const award = await data.signIn((await viewer(context)).userId)
      return award === null
        ? { __typename: 'SignInAlreadyDone', message: 'already signed in today' }
        : { __typename: 'SignInDone', award }
    },
  },
  User: { children: (user, { first }) => ({ userId: user.userId, first: Math.max(0, Math.min(first, 100)) }) },
}

const opts = { cache: false }
const byUser = load => ({ loader: queries => load(queries.map(query => query.obj.userId)), opts })

// One statement per page size.
async function nodes (queries) {
  const places = new Map()
  queries.forEach(({ obj: { first } }, place) => places.set(first, [...places.get(first) ?? [], place]))
  const pages = new Array(queries.length)
  await Promise.all([...places].map(async ([first, places]) => {
    const lists = await data.children(places.map(place => queries[place].obj.userId), first)
    places.forEach((place, index) => { pages[place] = lists[index] })
  }))
  return pages
}

const loaders = {
  User: {
    newbeeAwards: byUser(data.newbeeAwards),
    todayAwards: byUser(data.todayAwards),
    invitation: byUser(data.invitations),
  },
  UserConnection: { totalCount: byUser(data.childCounts), nodes: { loader: nodes, opts } },
}

const app = Fastify({ logger: false, keepAliveTimeout: 60000 })
app.register(mercurius, {
  schema,
  resolvers,
  loaders,
  jit: 1,
  graphiql: false,
  context ({ headers: { authorization } }) {
    return { key: authorization?.startsWith('Bearer ') ? authorization.slice(7) : null }
  },
})
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 1024 })
