/** The semantic conventions that the names below are of; those of messaging still move, so all names are here and nowhere else. */
export const schemaUrl = "https://opentelemetry.io/schemas/1.45.0";

/** What our spans are made by. */
export const tracerName = "millrace";

/** `messaging.system`: the conventions list none for queues in PostgreSQL, and say to use the product's name. */
export const messagingSystem = "millrace";

/** The names of all attributes of our spans. Those that begin with `millrace.` are ours, the others OpenTelemetry's. */
export const spanAttributes = {
  dbCollectionName: "db.collection.name",
  dbNamespace: "db.namespace",
  dbOperationBatchSize: "db.operation.batch.size",
  dbOperationName: "db.operation.name",
  dbQuerySummary: "db.query.summary",
  dbResponseReturnedRows: "db.response.returned_rows",
  dbResponseStatusCode: "db.response.status_code",
  dbSystemName: "db.system.name",
  errorType: "error.type",
  httpRequestMethod: "http.request.method",
  httpRequestMethodOriginal: "http.request.method_original",
  httpRequestResendCount: "http.request.resend_count",
  httpResponseStatusCode: "http.response.status_code",
  httpRoute: "http.route",
  messagingBatchMessageCount: "messaging.batch.message_count",
  messagingClientId: "messaging.client.id",
  messagingConsumerGroupName: "messaging.consumer.group.name",
  messagingDestinationName: "messaging.destination.name",
  messagingMessageId: "messaging.message.id",
  messagingOperationName: "messaging.operation.name",
  messagingOperationType: "messaging.operation.type",
  messagingSystem: "messaging.system",
  networkProtocolVersion: "network.protocol.version",
  serverAddress: "server.address",
  serverPort: "server.port",
  urlFull: "url.full",
  urlPath: "url.path",
  urlScheme: "url.scheme",
  userAgentOriginal: "user_agent.original",
  millraceJobAttempt: "millrace.job.attempt",
  millraceJobType: "millrace.job.type",
  millraceOffsetFirst: "millrace.offset.first",
  millraceOffsetLast: "millrace.offset.last",
  millraceOutcome: "millrace.outcome",
  millraceResultBytes: "millrace.result.bytes",
  millraceSnapshotId: "millrace.snapshot.id",
  millraceTable: "millrace.table",
  millraceTenant: "millrace.tenant",
  millraceTraceId: "millrace.trace_id",
} as const;
