// The version of the package; a test holds it equal to package.json, which a bundle does not have beside it.
export const VERSION = "1.0.0";
