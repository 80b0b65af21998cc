/** Where this module was loaded from: below `src` in development and in tests, below `dist` in an image. */
export const location = import.meta.url;
