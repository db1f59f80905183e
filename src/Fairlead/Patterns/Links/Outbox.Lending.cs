using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Loans inside the connection's memory.</content>
internal readonly partial struct Outbox
{
    /// <summary>The link in whose memory a message may be written; null where pooled memory has to do.</summary>
    public Link? TryLoan(int size, out Memory<byte> memory)
    {
        memory = default;
        if (size > EndpointSettings.NoLimit)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"{size} bytes are more than any message has: {EndpointSettings.NoLimit} at the most",
                "Send it in parts, or pass an open file.");
        }

        if (core.IsClosing
            || Tracing.IsOn
            || core.Placement.TheLink is not { } link
            || (link.Connection.Capabilities & TransportCapabilities.ZeroCopy) == 0)
        {
            return null;
        }

        if (link.Sending.TryLoan(size, out memory))
        {
            return link;
        }

        // The acknowledgements may be there already, and nobody has read them.
        core.Pump.CatchUp();
        return link.Sending.TryLoan(size, out memory) ? link : null;
    }

    /// <summary>Sends a loan as it lies there, if that goes at once.</summary>
    public bool TrySendLoan(Link link, int length)
    {
        ThrowIfClosing();
        if (Tracing.IsOn || core.Placement.TheLink != link)
        {
            return false;
        }

        long start = OperationMeter.StartCall();
        if (!link.Sending.TrySendLoan(MessageHeader.Of(MessageKind.Send), length))
        {
            return false;
        }

        OperationMeter.EndCall(start, MessageKind.Send, core.MeterTags, null);
        if (link.Sending.ShouldLookForAcks())
        {
            core.FastPath.LookForAcks();
        }

        return true;
    }
}
