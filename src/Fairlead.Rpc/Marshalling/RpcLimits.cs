namespace Fairlead.Rpc;

/// <summary>The bounds of what an unmarshaller accepts. A frame that exceeds one is refused before anything is allocated for it.</summary>
internal static class RpcLimits
{
    /// <summary>How deep values may be nested.</summary>
    public const int MaxDepth = 64;

    /// <summary>The longest text or collection, in bytes or elements.</summary>
    public const int MaxCount = 1 << 30;
}
