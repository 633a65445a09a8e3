/**
 * System calls on message queues, semaphores and shared memory, and on keys.
 *
 * Sources: section 2 of the manual pages; `ipc/*.c`, `security/keys/*.c` of Linux 6.18.
 */
import { argument, least, plus, result } from "../amounts.ts";
import { byCommand, filled, out } from "../areas.ts";
import { unless } from "../conditions.ts";
import { all, changesNothing, memory, plain, type Table } from "../entry.ts";
import {
  MQ_ATTR,
  MSGINFO,
  MSQID_DS,
  PKEY_QUERY,
  SEMID_DS,
  SEMINFO,
  SHM_INFO,
  SHMID_DS,
  SHMINFO,
} from "./sizes.ts";

/** IPC_NOWAIT (linux/ipc.h). */
const IPC_NOWAIT = 0o4000;

/** IPC_STAT and IPC_INFO (linux/ipc.h). */
const IPC_STAT = 2;
const IPC_INFO = 3;

/**
 * The values of a whole set of semaphores (GETALL), 2 bytes each. Its size is not in the call; SEMMSL is 32000
 * (linux/sem.h).
 */
const ALL_SEMAPHORES = 32_000 * 2;

const KEY_TEXT = filled(2, 3);
const KEY_OUTPUT = out(4, result);

/** What the operations of keyctl write (linux/keyctl.h). */
const KEYCTL_WRITES = {
  6: KEY_TEXT, // KEYCTL_DESCRIBE
  11: KEY_TEXT, // KEYCTL_READ
  17: KEY_TEXT, // KEYCTL_GET_SECURITY
  23: KEY_TEXT, // KEYCTL_DH_COMPUTE
  24: out(4, PKEY_QUERY), // KEYCTL_PKEY_QUERY
  25: KEY_OUTPUT, // KEYCTL_PKEY_ENCRYPT
  26: KEY_OUTPUT, // KEYCTL_PKEY_DECRYPT
  27: KEY_OUTPUT, // KEYCTL_PKEY_SIGN
  31: out(1, argument(2)), // KEYCTL_CAPABILITIES, with zeros behind what the kernel knows
};

export const IPC: Table = changesNothing({
  shmat: memory("attach"),
  shmdt: memory("detach"),
  // MSG_STAT is 11, MSG_INFO 12, MSG_STAT_ANY 13 (linux/msg.h).
  msgctl: {
    writes: [
      byCommand(1, {
        [IPC_STAT]: out(2, MSQID_DS),
        [IPC_INFO]: out(2, MSGINFO),
        11: out(2, MSQID_DS),
        12: out(2, MSGINFO),
        13: out(2, MSQID_DS),
      }),
    ],
  },
  // SHM_STAT is 13, SHM_INFO 14, SHM_STAT_ANY 15 (linux/shm.h).
  shmctl: {
    writes: [
      byCommand(1, {
        [IPC_STAT]: out(2, SHMID_DS),
        [IPC_INFO]: out(2, SHMINFO),
        13: out(2, SHMID_DS),
        14: out(2, SHM_INFO),
        15: out(2, SHMID_DS),
      }),
    ],
  },
  // GETALL is 13, SEM_STAT 18, SEM_INFO 19, SEM_STAT_ANY 20 (linux/sem.h).
  semctl: {
    writes: [
      byCommand(2, {
        [IPC_STAT]: out(3, SEMID_DS),
        [IPC_INFO]: out(3, SEMINFO),
        13: out(3, ALL_SEMAPHORES),
        18: out(3, SEMID_DS),
        19: out(3, SEMINFO),
        20: out(3, SEMID_DS),
      }),
    ],
  },
  semop: { blocks: true },
  semtimedop: { blocks: true },
  msgsnd: { blocks: unless(3, IPC_NOWAIT) },
  // The message's type comes before its text, which is what the result counts.
  msgrcv: {
    blocks: unless(4, IPC_NOWAIT),
    writes: [out(1, plus(8, least(result, argument(2))))],
  },

  mq_getsetattr: { writes: [out(2, MQ_ATTR)] },
  mq_timedsend: { blocks: true },
  mq_timedreceive: { blocks: true, writes: [filled(1, 2), out(3, 4)] },

  // A key that is being made is waited for (wait_for_key_construction in security/keys/request_key.c), whose maker may be
  // a task of the recording.
  keyctl: { blocks: true, seldomSleeps: "ever", writes: [byCommand(0, KEYCTL_WRITES)] },
  ...all(["add_key", "request_key"], { blocks: true, seldomSleeps: "ever" }),
  ...plain("mq_notify", "mq_open", "mq_unlink", "msgget", "semget", "shmget"),
});
