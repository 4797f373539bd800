export const valdRestore = {
  file: 'vald-restore.sh',
  content: '#!/bin/sh\n',
  command: ['sh', '/scripts/vald-restore.sh'],
} as const;
