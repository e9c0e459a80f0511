// SPDX-License-Identifier: Apache-2.0
// Tables of the program that the console reads as text; the bundler puts them in (build.mjs).
declare module "*.tsv" {
  const text: string;
  export default text;
}
