using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Loans in the connection's memory.</content>
internal readonly partial struct Outbox
{
    /// <summary>Returns the link in whose memory a message may be written, or null if pooled memory is needed.</summary>
    public Link? TryLoan(int size, out Memory<byte> memory)
    {
        memory = default;
        if (size > EndpointSettings.NoLimit)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"a loan of {size} bytes is longer than any message; the limit is {EndpointSettings.NoLimit}",
                "Send several messages, or pass an open file.");
        }

        if (core.IsClosing
            || Tracing.IsOn
            || core.Placement.SingleLink is not { } link
            || (link.Connection.Capabilities & TransportCapabilities.ZeroCopy) == 0)
        {
            return null;
        }

        if (link.LinkSender.TryLoan(size, out memory))
        {
            return link;
        }

        // The acknowledgements may have arrived, with no thread having read them.
        core.Pump.CatchUp();
        return link.LinkSender.TryLoan(size, out memory) ? link : null;
    }

    /// <summary>Sends a loan in place, if that works immediately.</summary>
    public bool TrySendLoan(Link link, int length)
    {
        ThrowIfClosing();
        if (Tracing.IsOn || core.Placement.SingleLink != link)
        {
            return false;
        }

        long start = OperationMeter.StartCall();
        if (!link.LinkSender.TrySendLoan(MessageHeader.Of(MessageKind.Send), length))
        {
            return false;
        }

        OperationMeter.EndCall(start, MessageKind.Send, core.MeterTags, null);
        if (link.LinkSender.ShouldLookForAcks())
        {
            core.FastPath.LookForAcks();
        }

        return true;
    }
}
