// GraphiQL with what newbee adds: who is signed in, ready tabs, live awards, code for clients, a layout for phones.
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from '@graphiql/plugin-doc-explorer';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN, HistoryStore } from '@graphiql/plugin-history';
import { GraphiQLProvider, Tooltip, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, GraphiQLInterface } from 'graphiql';
import { useEffect, useRef } from 'react';
import { fetcher } from './fetcher.js';
import { Header } from './header.jsx';
import { Gate } from './key.jsx';
import { LIVE_PLUGIN } from './live.jsx';
import { api, isAdmin } from './page.js';
import { Panes } from './panes.jsx';
import { READY_PLUGIN } from './ready.jsx';
import { ReplyFooter } from './reply.jsx';
import { session } from './session.js';
import { useValue } from './store.js';
import { tabs } from './tabs.js';
import { Tools } from './tools.jsx';

// Made once: GraphiQL closes its side panel when the list is another one.
const PLUGINS = [READY_PLUGIN, LIVE_PLUGIN, HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })].filter(Boolean);

// The two pages are of one origin: each keeps its tabs, history and theme under a name of its own.
const PREFIX = `newbee:${api}:`;
const namesKept = () => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
const storage = {
  getItem: (name) => localStorage.getItem(PREFIX + name),
  setItem: (name, value) => localStorage.setItem(PREFIX + name, value),
  removeItem: (name) => localStorage.removeItem(PREFIX + name),
  clear: () => namesKept().forEach((name) => localStorage.removeItem(name)),
  get length() {
    return namesKept().length;
  },
};

// The schema is read with the key: another key may open what was closed.
function SchemaFollowsKey() {
  const key = useValue(session);
  const { introspect } = useGraphiQLActions();
  const hasSchema = useGraphiQL((state) => Boolean(state.schema));
  const first = useRef(key);
  useEffect(() => {
    if (key !== first.current && !hasSchema) introspect();
    first.current = key;
  }, [key, hasSchema, introspect]);
  return null;
}

// The comments of ready tabs are to be read, not scrolled.
function LinesWrap() {
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  useEffect(() => queryEditor?.updateOptions({ wordWrap: 'on', wrappingIndent: 'indent' }), [queryEditor]);
  return null;
}

export function App({ settings, shared }) {
  const key = useValue(session);
  // Nobody may ask the admin API anything without a key, not even for its schema.
  if (isAdmin && !key) return <Gate settings={settings} />;
  const ready = tabs.map(({ query, variables }) => ({ query, variables }));
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={[DOC_EXPLORER_PLUGIN, ...PLUGINS]}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      defaultTabs={shared ? [shared, ...ready] : ready}
      initialQuery={shared?.query}
      initialVariables={shared?.variables}
      storage={storage}
      inputValueDeprecation
      schemaDescription
    >
      <HistoryStore>
        <DocExplorerStore>
          <Tooltip.Provider>
            <SchemaFollowsKey />
            <LinesWrap />
            <Header settings={settings} />
            <Panes>
              <GraphiQLInterface showPersistHeadersSettings={false} defaultEditorToolsVisibility="variables">
                <GraphiQL.Logo>{' '}</GraphiQL.Logo>
                <GraphiQL.Toolbar>
                  {({ prettify, copy, merge }) => (
                    <>
                      {prettify}
                      {merge}
                      {copy}
                      <Tools settings={settings} />
                    </>
                  )}
                </GraphiQL.Toolbar>
                <GraphiQL.Footer>
                  <ReplyFooter />
                </GraphiQL.Footer>
              </GraphiQLInterface>
            </Panes>
          </Tooltip.Provider>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}
