/** The little of TOML that a Telegraf configuration needs. */

type Value = string | number | boolean | readonly string[] | readonly number[] | Readonly<Record<string, string>>;

/** A table's head, `[agent]` or `[[outputs.http]]`, and what stands in it. */
export type Section = readonly [head: string, values: Readonly<Record<string, Value>>];

/** JSON's strings, numbers and lists are TOML's too. */
function valueText(value: Value): string {
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, text]) => `${JSON.stringify(key)} = ${JSON.stringify(text)}`).join(', ')}}`;
}

/** A configuration file. */
export function toml(sections: readonly Section[]): string {
  return sections
    .map(([head, values]) => [head, ...Object.entries(values).map(([key, value]) => `${key} = ${valueText(value)}`), ''].join('\n'))
    .join('\n');
}
