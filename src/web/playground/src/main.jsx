// Entry point of the page: loads the settings of the server and the tab of a shared link, then starts GraphiQL.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './styles/base.css';
import './styles/header.css';
import './styles/panels.css';
import './styles/phone.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.jsx';
import { t } from './language.js';
import { api, isAdmin, loadSettings } from './page.js';
import { beginAs } from './session.js';
import { takeShared } from './share.js';

document.documentElement.lang = t.code;
document.title = t.titles[api];
document.querySelector('.loading').textContent = t.loading;
const settings = await loadSettings();
beginAs(isAdmin ? settings.apiKey : settings.users[0]?.key);
createRoot(document.getElementById('root')).render(<App settings={settings} shared={takeShared()} />);
