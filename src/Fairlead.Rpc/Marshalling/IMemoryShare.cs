namespace Fairlead.Rpc;

/// <summary>The memory that values may take which a reader makes of a frame. Any thread.</summary>
internal interface IMemoryShare
{
    /// <summary>Takes memory, until the share is released.</summary>
    /// <exception cref="RpcFormatException">Full: there is not so much.</exception>
    void Take(long bytes);

    /// <summary>Notes that all values have been read.</summary>
    void EndRead();
}
