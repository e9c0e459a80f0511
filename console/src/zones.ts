// SPDX-License-Identifier: Apache-2.0
// The names of time zones that a reader may choose from; the server knows more of them and decides.

/** Browsers list these by the name they had long ago, which newer systems know only with a package for old names. */
const RENAMED: Record<string, string> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Coral_Harbour": "America/Atikokan",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

export function zone_names(): string[] {
  const listed = (Intl as { supportedValuesOf?: (key: string) => string[] }).supportedValuesOf?.("timeZone") ?? [];
  return [...new Set(["UTC", ...listed.map((name) => RENAMED[name] ?? name).sort()])];
}

/** Whether a day there is another one than here. */
export function differs_from_browser(time_zone: string): boolean {
  const own = browser_zone();
  return (RENAMED[own] ?? own) !== (RENAMED[time_zone] ?? time_zone);
}

export function browser_zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
