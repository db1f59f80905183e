namespace Fairlead.Framing;

/// <summary>A received message in its connection's memory. The holder calls <see cref="Release"/> exactly once.</summary>
internal struct Incoming
{
    public MessageHeader Header;

    /// <summary>Head and payload. Valid until <see cref="Release"/>.</summary>
    public ReadOnlyMemory<byte> Body;

    public MemoryLease? Lease;

    public long Token;

    public readonly ReadOnlyMemory<byte> Payload => Body[Header.HeadLength..];

    public readonly ReadOnlySpan<byte> Head => Body.Span[..Header.HeadLength];

    public void Release()
    {
        Lease?.Release(Token);
        Lease = null;
        Body = default;
    }
}
