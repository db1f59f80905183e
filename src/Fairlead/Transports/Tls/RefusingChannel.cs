using Fairlead.Native;

namespace Fairlead.Transports.Tls;

/// <summary>A channel whose first bytes are answered by a refusal: the endpoint tells it to the peer in the handshake.</summary>
/// <remarks>The bytes are read, because a kernel that closes a socket with unread bytes discards what was written, too.</remarks>
/// <param name="channel">The channel, owned from now on.</param>
/// <param name="refusal">Why the peer is refused.</param>
internal sealed class RefusingChannel(ByteChannel channel, FairleadException refusal) : ByteChannel
{
    public override Descriptor WaitDescriptor => channel.WaitDescriptor;

    public override Descriptor? OutputDescriptor => channel.OutputDescriptor;

    public override bool IsDrainedByShortRead => channel.IsDrainedByShortRead;

    /// <exception cref="FairleadException">Always, once bytes have come.</exception>
    public override IoResult Read(Span<byte> room)
    {
        IoResult result = channel.Read(room);
        return result.Count > 0 ? throw refusal : result;
    }

    public override IoResult Write(OutputQueue output) => channel.Write(output);

    public override void EndSending() => channel.EndSending();

    public override void Abort() => channel.Abort();

    public override void Dispose() => channel.Dispose();
}
