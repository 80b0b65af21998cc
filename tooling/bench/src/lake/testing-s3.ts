/** The server that the tests of S3 run on: that of `TEST_S3_ENDPOINT`, else Ceph where it is installed. */
export { startTestS3 } from "@millrace/storage/testing";
