// #region config
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../../../../schema.graphql', // or `newbee schema > schema.graphql`
  documents: ['*.example.ts'],
  generates: {
    './build/gql/': {
      preset: 'client',
      presetConfig: { persistedDocuments: true, fragmentMasking: { unmaskFunctionName: 'readFragment' } },
      // Normalising caches add __typename, so it must be in the persisted documents too.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: {
        // Exact amounts, days and instants are strings; a new scalar is an error until it is listed.
        scalars: { Date: 'string', DateTime: 'string', Decimal: 'string' },
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
        importExtension: '.js', // for the resolution `nodenext`; omit it with a bundler
      },
    },
  },
};
export default config;
// #endregion
