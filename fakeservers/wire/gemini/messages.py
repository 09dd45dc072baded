"""The messages of Gemini's requests: which fields each has, as google-genai 3.4 writes them.

A closed message refuses other fields, as the service does. What is free-form (function
arguments and responses, schemas, labels) is no message and stays as it came.
"""

from .protojson import Message, message

__all__ = [
    "BATCH_EMBED_CONTENTS_REQUEST",
    "BATCH_GENERATE_CONTENT_REQUEST",
    "CACHED_CONTENT",
    "COUNT_TOKENS_REQUEST",
    "CREATE_FILE_REQUEST",
    "EMBED_CONTENT_REQUEST",
    "GENERATE_CONTENT_REQUEST",
]

BLOB = message("mimeType data displayName", closed=True)
FILE_DATA = message("mimeType fileUri displayName", closed=True)
FUNCTION_CALL = message("id name args partialArgs willContinue", closed=True)
FUNCTION_RESPONSE = message(
    "id name response willContinue scheduling",
    repeated="parts",
    closed=True,
    parts=message(inlineData=BLOB),
)


def _schema() -> Message:
    """Google's Schema, whose fields hold Schemas."""
    holds: dict[str, Message] = {}
    plain = message(
        "type format title description nullable default example pattern enum required "
        "propertyOrdering maxItems minItems maxLength minLength maxProperties minProperties "
        "maximum minimum items properties anyOf additionalProperties defs ref"
    )
    kind = Message(
        names={**plain.names, "$defs": "defs", "$ref": "ref"},
        holds=holds,
        maps=frozenset({"defs", "properties"}),
        closed=True,
    )
    holds |= dict.fromkeys(("additionalProperties", "anyOf", "defs", "items", "properties"), kind)
    return kind


SCHEMA = _schema()

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
    "name description behavior parametersJsonSchema responseJsonSchema",
    closed=True,
    parameters=SCHEMA,
    response=SCHEMA,
)
TOOL = message(
    "googleSearch googleSearchRetrieval codeExecution urlContext computerUse fileSearch "
    "googleMaps mcpServers retrieval enterpriseWebSearch parallelAiSearch exaAiSearch",
    repeated="functionDeclarations",
    closed=True,
    functionDeclarations=FUNCTION_DECLARATION,
)
TOOL_CONFIG = message(
    "retrievalConfig includeServerSideToolInvocations",
    closed=True,
    functionCallingConfig=message(
        "mode streamFunctionCallArguments", repeated="allowedFunctionNames", closed=True
    ),
)

THINKING_CONFIG = message("includeThoughts thinkingLevel", integers="thinkingBudget", closed=True)
SAFETY_SETTING = message("category threshold method", closed=True)
GENERATION_CONFIG = message(
    "temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs "
    "responseMimeType responseJsonSchema _responseJsonSchema responseFormat "
    "mediaResolution speechConfig imageConfig audioTimestamp audioTranscriptionConfig "
    "enableEnhancedCivicAnswers enableAffectiveDialog routingConfig modelConfig "
    "modelSelectionConfig modelArmorConfig translationConfig generationOutputConfig",
    repeated="stopSequences responseModalities",
    integers="maxOutputTokens candidateCount",
    closed=True,
    responseSchema=SCHEMA,
    thinkingConfig=THINKING_CONFIG,
)

GENERATE_CONTENT_REQUEST = message(
    "model cachedContent labels serviceTier continuationToken store",
    repeated="contents tools safetySettings",
    closed=True,
    contents=CONTENT,
    systemInstruction=CONTENT,
    tools=TOOL,
    toolConfig=TOOL_CONFIG,
    generationConfig=GENERATION_CONFIG,
    safetySettings=SAFETY_SETTING,
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
