using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>Ends the calls of a bridge's link on the threads that answer them.</summary>
internal sealed class AnswerTaker(Link link) : IAnswerTaker
{
    // A receipt without a reason: nearly all answers to deliveries.
    private static readonly byte[] Accepted = [(byte)ReceiptStatus.Accepted];

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
            // The thread belongs to the user, whose answer is given.
            link.Fail(exception);
        }
        finally
        {
            completions.Run(inline: true);
        }

        return true;
    }
}
