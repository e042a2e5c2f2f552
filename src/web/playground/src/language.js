// The language of the page: the one that the browser prefers, until the reader chooses the other.
import en from './languages/en.js';
import zh from './languages/zh.js';

const LANGUAGES = { en, zh };
const NAME = 'newbee:language';

// Where the browser keeps nothing, the page works all the same.
function kept() {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}

const preferred = () => (navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))?.slice(0, 2).toLowerCase() ?? 'en');

export const language = Object.hasOwn(LANGUAGES, kept() ?? '') ? kept() : preferred();
export const t = LANGUAGES[language];

// The page is loaded anew: the editors and GraphiQL hold texts of the former language.
export function speakOther() {
  localStorage.setItem(NAME, language === 'en' ? 'zh' : 'en');
  location.reload();
}
