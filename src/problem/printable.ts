/** Text without what a terminal would obey; a tab becomes one blank, so that a caret below it stays in its place. */
export const printable = (text: string): string => text.replaceAll('\t', ' ').replaceAll(/\p{Cc}/gu, '�');
