export { freePort } from "@millrace/storage/testing";
