// The ready tabs: each is a file `NN-name.graphql`, with its comment in Chinese in `NN-name.zh.txt` and an optional
// file of variables.
import { language } from './language.js';
import { api } from './page.js';

const QUERIES = import.meta.glob('../tabs/*/*.graphql', { query: '?raw', import: 'default', eager: true });
const COMMENTS = import.meta.glob('../tabs/*/*.zh.txt', { query: '?raw', import: 'default', eager: true });
const VARIABLES = import.meta.glob('../tabs/*/*.json', { query: '?raw', import: 'default', eager: true });

// The lines before the operation.
const COMMENT = /^(?:#.*\n)+/;
export const withoutComment = (query) => query.replace(COMMENT, '').trim();

// Name of the demo user of a tab, from its second line.
export const suitedTo = (query) => /^# (?:As: |适合用户：)(\w+)$/m.exec(query ?? '')?.[1] ?? null;

function inChinese(query, comment) {
  const [title, ...rest] = comment.trim().split('\n');
  const user = suitedTo(query);
  const lines = [title, ...(user ? [`适合用户：${user}`] : []), ...rest];
  return `${lines.map((line) => `# ${line}`.trimEnd()).join('\n')}\n${query.replace(COMMENT, '')}`;
}

function read([path, english]) {
  const texts = { en: english, zh: inChinese(english, COMMENTS[path.replace(/graphql$/, 'zh.txt')]) };
  const query = texts[language];
  const [, title, about] = /^# (.*?)(?:: |：)(.*)/.exec(query);
  const variables = VARIABLES[path.replace(/graphql$/, 'json')]?.trim();
  return { title, about, suits: suitedTo(query), query, texts, variables, operation: /^(query|mutation|subscription) (\w+)/m.exec(query)?.[2] };
}

export const tabs = Object.entries(QUERIES)
  .filter(([path]) => path.includes(`/${api}/`))
  .sort(([one], [other]) => (one < other ? -1 : 1))
  .map(read);

// Returns the text of a ready tab in the language of the page; any other text is returned unchanged.
export const inThisLanguage = (text) => tabs.find(({ texts }) => Object.values(texts).includes(text))?.query ?? text;
