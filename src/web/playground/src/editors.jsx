// Behaviour of GraphiQL's editors: keys, focus, the Variables pane, the tab strip, the markers in Variables.
import { useGraphiQL, useGraphiQLActions, useMonaco } from '@graphiql/react';
import { useEffect, useRef } from 'react';

// The Tab key leaves every editor of the page.
void import('monaco-editor/esm/vs/editor/browser/config/tabFocus.js').then(({ TabFocus }) => TabFocus.setTabFocusMode(true));

const hasFinePointer = () => matchMedia('(pointer: fine)').matches;

// Long comments wrap, and a query of twenty lines fits a laptop.
const OPTIONS = { wordWrap: 'on', wrappingIndent: 'indent', fontSize: 14, lineHeight: 19 };

// Ctrl-Enter runs the operation wherever the focus is. Editors handle the key themselves and stop the event; a dialog
// or a menu has the keyboard to itself.
function RunKey() {
  const { run } = useGraphiQLActions();
  useEffect(() => {
    const onKey = (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented || event.repeat) return;
      if (event.target.closest?.('[role="dialog"], [role="menu"]')) return;
      event.preventDefault();
      run();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [run]);
  return null;
}

// Focuses the editor after a load and after a change of the tab, except on touch screens, where it would open the
// keyboard.
function Focus({ tab }) {
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const responseEditor = useGraphiQL((state) => state.responseEditor);
  useEffect(() => {
    for (const editor of [queryEditor, variableEditor, headerEditor, responseEditor]) editor?.updateOptions(OPTIONS);
  }, [queryEditor, variableEditor, headerEditor, responseEditor]);
  useEffect(() => {
    if (queryEditor && hasFinePointer()) queryEditor.focus();
  }, [queryEditor, tab]);
  return null;
}

// Opens the pane below the query for tabs with variables or headers. GraphiQL does not expose its state, so this clicks
// its button.
function VariablesPane({ tab }) {
  const isWanted = useGraphiQL(({ tabs, activeTabIndex }) => {
    const { variables, headers } = tabs[activeTabIndex] ?? {};
    return Boolean(variables?.trim() || headers?.trim());
  });
  const wanted = useRef(isWanted);
  wanted.current = isWanted;
  useEffect(() => {
    const button = document.querySelector('.graphiql-toggle-editor-tools');
    const isOpen = button?.getAttribute('aria-label').startsWith('Hide');
    if (button && isOpen !== wanted.current) button.click();
  }, [tab]);
  return null;
}

// Scrolls the open tab into view, and marks the ends of the strip that have more tabs.
function Strip({ tab }) {
  const count = useGraphiQL((state) => state.tabs.length);
  useEffect(() => {
    const strip = document.querySelector('.graphiql-tabs');
    if (!strip) return undefined;
    const mark = () => {
      const left = strip.scrollLeft > 1;
      const right = strip.scrollLeft + strip.clientWidth < strip.scrollWidth - 1;
      strip.dataset.more = [left && 'left', right && 'right'].filter(Boolean).join(' ');
    };
    const show = () => {
      strip.querySelector('.graphiql-tab-active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      mark();
    };
    // Runs after the layout of a tab that was just added.
    const frame = requestAnimationFrame(show);
    const size = new ResizeObserver(show);
    size.observe(strip);
    strip.addEventListener('scroll', mark);
    return () => {
      cancelAnimationFrame(frame);
      size.disconnect();
      strip.removeEventListener('scroll', mark);
    };
  }, [tab, count]);
  return null;
}

// In GraphQL, a client may omit a non-null input field with a default. The JSON schema that GraphiQL generates for the
// variables marks it as required.
function withoutDefaulted(schema) {
  const of = (definition) => ({
    ...definition,
    required: definition.required?.filter((name) => !('default' in (definition.properties?.[name] ?? {}))),
  });
  const definitions = Object.entries(schema.definitions ?? {}).map(([name, definition]) => [name, of(definition)]);
  return { ...schema, ...(schema.definitions ? { definitions: Object.fromEntries(definitions) } : {}) };
}

function VariableMarkers() {
  const monaco = useMonaco((state) => state.monaco);
  useEffect(() => {
    const defaults = monaco?.languages.json?.jsonDefaults;
    if (!defaults) return undefined;
    const original = defaults.setDiagnosticsOptions;
    defaults.setDiagnosticsOptions = (options) =>
      original.call(defaults, {
        ...options,
        schemas: options.schemas?.map((entry) => (entry.schema ? { ...entry, schema: withoutDefaulted(entry.schema) } : entry)),
      });
    return () => {
      defaults.setDiagnosticsOptions = original;
    };
  }, [monaco]);
  return null;
}

export function Editors() {
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  return (
    <>
      <RunKey />
      <Focus tab={tab} />
      <VariablesPane tab={tab} />
      <Strip tab={tab} />
      <VariableMarkers />
    </>
  );
}
