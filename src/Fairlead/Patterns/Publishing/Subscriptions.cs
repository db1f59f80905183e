namespace Fairlead.Patterns.Publishing;

/// <summary>The patterns that one subscriber asked for.</summary>
internal sealed class Subscriptions
{
    private const int MostPatterns = 10_000;

    private volatile string[] _patterns = [];
    private volatile bool _isBehind;
    private volatile bool _isJoining;

    /// <summary>Whether the subscriber still gets stored messages, and is in no audience.</summary>
    public bool IsBehind
    {
        get => _isBehind;
        set => _isBehind = value;
    }

    /// <summary>Whether it has asked for all its topics, and gets stored messages. Of the pump.</summary>
    public bool IsCatchingUp { get; set; }

    /// <summary>Whether it is still asking for its topics, and is in no audience. Of the pump.</summary>
    public bool IsJoining
    {
        get => _isJoining;
        set => _isJoining = value;
    }

    /// <summary>What was published for it; null: it does not ask for that.</summary>
    public SubscriberAccount? Account { get; set; }

    /// <summary>How many patterns it has asked for.</summary>
    public int Count => _patterns.Length;

    /// <summary>Whether it has asked for nothing yet.</summary>
    public bool IsEmpty => _patterns.Length == 0;

    /// <summary>Returns those of a bridge, from which no subscription has to come first.</summary>
    public static Subscriptions OfEverything() => new() { _patterns = [">"] };

    public bool Match(string topic)
    {
        foreach (string pattern in _patterns)
        {
            if (TopicFilter.Matches(pattern, topic))
            {
                return true;
            }
        }

        return false;
    }

    public Subscriptions Copy() => new() { _patterns = _patterns };

    /// <summary>Changes the patterns. Called by the pump only.</summary>
    public string? Change(string pattern, bool subscribes)
    {
        if (TopicFilter.Problem(pattern, isPattern: true) is { } problem)
        {
            return problem;
        }

        string[] patterns = _patterns;
        int at = Array.IndexOf(patterns, pattern);
        if (subscribes && at < 0)
        {
            if (patterns.Length >= MostPatterns)
            {
                return $"the subscriber already has {MostPatterns} patterns, which is the limit";
            }

            _patterns = [.. patterns, pattern];
        }
        else if (!subscribes && at >= 0)
        {
            _patterns = [.. patterns[..at], .. patterns[(at + 1)..]];
        }

        return null;
    }
}
