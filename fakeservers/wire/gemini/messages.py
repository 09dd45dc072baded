"""The messages of Gemini's requests: which fields each has, as google-genai 3.4 writes them.

A closed message refuses other fields, as the service does. What is free-form (function
arguments and responses, schemas, labels) is no message and stays as it came.
"""

from .protojson import message

__all__ = [
    "BATCH_EMBED_CONTENTS_REQUEST",
    "BATCH_GENERATE_CONTENT_REQUEST",
    "CACHED_CONTENT",
    "COUNT_TOKENS_REQUEST",
    "CREATE_FILE_REQUEST",
    "EMBED_CONTENT_REQUEST",
    "GENERATE_CONTENT_REQUEST",
]

BLOB = message("mimeType data displayName")
FILE_DATA = message("mimeType fileUri displayName")
FUNCTION_CALL = message("id name args partialArgs willContinue")
FUNCTION_RESPONSE = message(
    "id name response willContinue scheduling", repeated="parts", parts=message("inlineData")
)

PART = message(
    "text thought thoughtSignature executableCode codeExecutionResult toolCall toolResponse "
    "videoMetadata partMetadata mediaResolution mediaProcessing audioTranscription "
    "speechMetadata documentMetadata spreadsheetMetadata audioMetadata",
    closed=True,
    inlineData=BLOB,
    fileData=FILE_DATA,
    functionCall=FUNCTION_CALL,
    functionResponse=FUNCTION_RESPONSE,
)
CONTENT = message("role", repeated="parts", closed=True, parts=PART)

FUNCTION_DECLARATION = message(
    "name description behavior parameters parametersJsonSchema response responseJsonSchema"
)
TOOL = message(
    "googleSearch googleSearchRetrieval codeExecution urlContext computerUse fileSearch "
    "googleMaps mcpServers",
    repeated="functionDeclarations",
    functionDeclarations=FUNCTION_DECLARATION,
)
TOOL_CONFIG = message(
    "retrievalConfig includeServerSideToolInvocations",
    functionCallingConfig=message("mode", repeated="allowedFunctionNames"),
)

THINKING_CONFIG = message("includeThoughts thinkingLevel", integers="thinkingBudget")
GENERATION_CONFIG = message(
    "temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs "
    "responseMimeType responseSchema responseJsonSchema _responseJsonSchema responseFormat "
    "mediaResolution speechConfig imageConfig audioTimestamp audioTranscriptionConfig "
    "enableEnhancedCivicAnswers enableAffectiveDialog routingConfig modelConfig "
    "modelSelectionConfig modelArmorConfig translationConfig generationOutputConfig",
    repeated="stopSequences responseModalities",
    integers="maxOutputTokens candidateCount",
    closed=True,
    thinkingConfig=THINKING_CONFIG,
)

GENERATE_CONTENT_REQUEST = message(
    "model safetySettings cachedContent labels serviceTier continuationToken store",
    repeated="contents tools safetySettings",
    closed=True,
    contents=CONTENT,
    systemInstruction=CONTENT,
    tools=TOOL,
    toolConfig=TOOL_CONFIG,
    generationConfig=GENERATION_CONFIG,
)
COUNT_TOKENS_REQUEST = message(
    "model",
    repeated="contents tools",
    closed=True,
    contents=CONTENT,
    generateContentRequest=GENERATE_CONTENT_REQUEST,
    systemInstruction=CONTENT,
    tools=TOOL,
    generationConfig=GENERATION_CONFIG,
)

EMBED_CONTENT_CONFIG = message(
    "taskType title autoTruncate documentOcr audioTrackExtraction",
    integers="outputDimensionality",
)
EMBED_CONTENT_REQUEST = message(
    "model taskType title autoTruncate documentOcr audioTrackExtraction",
    integers="outputDimensionality",
    closed=True,
    content=CONTENT,
    embedContentConfig=EMBED_CONTENT_CONFIG,
)
BATCH_EMBED_CONTENTS_REQUEST = message(
    "model", repeated="requests", closed=True, requests=EMBED_CONTENT_REQUEST
)

CACHED_CONTENT = message(
    "name model displayName ttl expireTime createTime updateTime usageMetadata",
    repeated="contents tools",
    closed=True,
    contents=CONTENT,
    systemInstruction=CONTENT,
    tools=TOOL,
    toolConfig=TOOL_CONFIG,
)
CREATE_FILE_REQUEST = message(
    closed=True,
    file=message(
        "name displayName mimeType sizeBytes createTime updateTime expirationTime sha256Hash uri "
        "downloadUri state source videoMetadata error"
    ),
)
INLINED_REQUESTS = message(repeated="requests", requests=message("request metadata"))
BATCH_GENERATE_CONTENT_REQUEST = message(
    closed=True,
    batch=message(
        "name displayName model priority webhookConfig",
        inputConfig=message("fileName", requests=INLINED_REQUESTS),
    ),
)
