// Language of the page: the browser's preferred language, unless the reader has chosen the other one.
import en from './languages/en.js';
import zh from './languages/zh.js';

const LANGUAGES = { en, zh };
const NAME = 'newbee:language';

// The page also works without browser storage.
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

// Reloads the page, because the editors and GraphiQL hold texts of the former language.
export function speakOther() {
  localStorage.setItem(NAME, language === 'en' ? 'zh' : 'en');
  location.reload();
}
