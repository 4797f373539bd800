const date = /^(\d{4})-(\d\d)-(\d\d)$/;
const time = /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;
const ipv4 = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$/;
const label = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

function isDate(text: string): boolean {
  const [, year, month, day] = date.exec(text)?.map(Number) ?? [];
  if (year === undefined) return false;
  const last = new Date(Date.UTC(year, month!, 0)).getUTCDate();
  return month! >= 1 && month! <= 12 && day! >= 1 && day! <= last;
}

const isDateTime = (text: string): boolean =>
  isDate(text.slice(0, 10)) && /^[Tt ]$/.test(text[10] ?? '') && time.test(text.slice(11));

const isHostname = (text: string): boolean =>
  text.length <= 253 &&
  text
    .replace(/\.$/, '')
    .split('.')
    .every((part) => label.test(part));

function isIpv6(text: string): boolean {
  try {
    return /^[0-9a-f:.]+$/i.test(text) && new URL(`http://[${text}]`).hostname !== '';
  } catch {
    return false;
  }
}

/** As lax about the part before the @ as the library inside of Helm. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  const address = /^\[(?:IPv6:)?(.*)\]$/.exec(domain)?.[1];
  if (at < 0 || at > 64 || !/^[^\s@"]*$|^".*"$/.test(local)) return false;
  return address === undefined ? isHostname(domain) : ipv4.test(address) || isIpv6(address);
}

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(text) && isUriReference(text);
}

const isUriReference = (text: string): boolean => /^[^\s\\^`{|}<>"]*$/.test(text) && !/%(?![0-9a-f]{2})/i.test(text);

function isExpression(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

/** Checks of the values of `format`. Helm holds charts to them up to draft 7; later drafts only describe with them. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: (text) => time.test(text),
  'date-time': isDateTime,
  duration: (text) => /^P(?!$)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)$/.test(text),
  hostname: isHostname,
  email: isEmail,
  ipv4: (text) => ipv4.test(text),
  ipv6: isIpv6,
  uri: isUri,
  'uri-reference': isUriReference,
  uuid: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  regex: isExpression,
  'json-pointer': (text) => /^(\/([^~/]|~[01])*)*$/.test(text),
};
