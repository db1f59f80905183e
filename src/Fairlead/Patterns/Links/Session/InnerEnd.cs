using Fairlead.Framing;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Session;

/// <summary>Does the work of a link on the threads of its other end, where one of the ends is a bridge's.</summary>
/// <remarks>Owns nothing. Any thread without locks.</remarks>
internal sealed class InnerEnd(Link link, ILinkHost host) : IInnerEnd
{
    // A receipt without a reason: nearly all answers to deliveries.
    private static readonly byte[] Accepted = [(byte)ReceiptStatus.Accepted];

    // A bridge's continuations may run on a thread of the user. A user's never run on one of the bridge.
    private readonly bool _runsInline = link.Endpoint.Settings.IsInner;

    /// <inheritdoc/>
    public bool TryTake(MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (link.State != LinkState.Up)
        {
            return false;
        }

        header.Length = payload.Length;
        bool isAccepted = header.Kind == MessageKind.Receipt && payload.SequenceEqual(Accepted);
        Incoming answer = new() { Header = header, Body = isAccepted ? Accepted : payload.ToArray() };
        Completions completions = Completions.Rent();
        try
        {
            link.Calls.OnAnswer(ref answer, completions);
        }
        catch (Exception exception)
        {
            // The thread belongs to the other end, whose answer is given.
            link.Fail(exception);
        }
        finally
        {
            completions.Run(_runsInline);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Serve() => link.Endpoint.Pump.TryServe(link.Token, _runsInline);

    /// <inheritdoc/>
    public void Hinder(string? why) => host.Reports.Hinder(why);

    /// <inheritdoc/>
    public void Lose(string? why, int attempts) => host.Reports.LoseBroker(why, attempts);

    /// <inheritdoc/>
    public void CountDropped() => link.Endpoint.DropReport.Count();
}
