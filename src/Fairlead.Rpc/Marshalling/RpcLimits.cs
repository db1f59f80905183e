namespace Fairlead.Rpc;

/// <summary>The bounds of what an unmarshaller accepts. A frame that exceeds one is refused before anything is allocated for it.</summary>
internal static class RpcLimits
{
    /// <summary>How deep values may be nested.</summary>
    public const int MaxDepth = 64;

    /// <summary>The longest text or collection, in bytes or elements.</summary>
    public const int MaxCount = 1 << 30;

    /// <summary>The bytes of memory that the values of a frame may take for each of its bytes, besides <see cref="FreeMemory"/>.</summary>
    public const int MemoryPerByte = 16;

    /// <summary>The bytes of memory that the values of any frame may take.</summary>
    public const int FreeMemory = 32 * 1024 * 1024;

    /// <summary>
    /// The bytes of memory that values may take beyond those of their frame without counting, and the least that a reader then adds.
    /// </summary>
    public const int MemoryStep = 16 * 1024;

    /// <summary>The bytes of memory that the values of another serializer are reckoned to take for each of its bytes.</summary>
    public const int SerializedMemory = 4;

    /// <summary>The bytes of an object without its parts.</summary>
    public const int ObjectMemory = 24;

    /// <summary>The bytes of a collection without elements: those of a dictionary, the largest.</summary>
    public const int CollectionMemory = 80;

    /// <summary>How long a frame waits for the one that it has overtaken.</summary>
    public static readonly TimeSpan MostOvertaken = TimeSpan.FromSeconds(5);

    /// <summary>How many bytes of a stream travel in one frame. A single item may be longer.</summary>
    public const int BatchBytes = 64 * 1024;

    /// <summary>How many items of a stream travel in one frame.</summary>
    public const int BatchItems = 4096;

    /// <summary>The most callbacks that a server leaves unanswered, and that a client executes at the same time.</summary>
    public const int MaxCallbacks = 1000;

    /// <summary>The most bytes of the callbacks that a client executes at the same time. A single one may be longer.</summary>
    public const int MaxCallbackBytes = 256 * 1024 * 1024;

    /// <summary>The most reports to one IProgress that wait until its client has executed those before them.</summary>
    public const int MaxReports = 64;

    /// <summary>The most bytes of such reports. A single one may be longer.</summary>
    public const int MaxReportBytes = 1024 * 1024;

    /// <summary>The most parameters of a member that are streams.</summary>
    public const int MaxUploads = 16;

    /// <summary>The most pulls and pushes of a call that are under way. A client has one for each stream.</summary>
    public const int MaxFrames = 64;

    /// <summary>The most polls of a session that wait. A client has one.</summary>
    public const int MaxPolls = 2;
}
