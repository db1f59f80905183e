using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <content>Late subscribers get the last messages first.</content>
public sealed partial class Publisher
{
    private const int MostHistory = 1 << 20;

    private readonly RankedLock _historyGate = new(LockRank.PublisherHistory);
    private readonly History? _history;

    /// <summary>Adds the message to the history and returns its audience.</summary>
    /// <remarks>A subscriber that asks for the topic later gets the message from the history and is not part of this audience.</remarks>
    private Audience Enter(string topic, ReadOnlySpan<byte> message)
    {
        if (_history is null)
        {
            return AudienceOf(topic);
        }

        using (_historyGate.Hold())
        {
            Audience audience = AudienceOf(topic);
            _history.Add(topic, audience.Head, message);
            return audience;
        }
    }

    /// <summary>Changes the subscriptions of a subscriber and replays the history for new ones. Called by the pump.</summary>
    private string? Change(Link link, string pattern, bool subscribes)
    {
        Subscriptions subscriptions = (Subscriptions)link.Tag!;
        if (_history is null)
        {
            string? refusal = subscriptions.Change(pattern, subscribes);
            ChangeAudiences();
            return refusal;
        }

        using (_historyGate.Hold())
        {
            Subscriptions before = subscriptions.Copy();
            if (subscriptions.Change(pattern, subscribes) is { } refusal)
            {
                return refusal;
            }

            ChangeAudiences();
            for (int i = 0; subscribes && i < _history.Count; i++)
            {
                History.Entry entry = _history[i];
                if (TopicFilter.Matches(pattern, entry.Topic) && !before.Match(entry.Topic))
                {
                    link.Sending.Replay(entry, _history);
                }
            }
        }

        link.Sending.ServeReplayed();
        return null;
    }
}
