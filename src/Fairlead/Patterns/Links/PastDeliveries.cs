namespace Fairlead.Patterns.Links;

/// <summary>
/// What became of the messages of an endpoint whose links are over, and of those that no link had. Under the endpoint's gate.
/// </summary>
internal struct PastDeliveries
{
    private long _sent;
    private long _acknowledged;
    private long _notDelivered;
    private long _inDoubt;

    /// <summary>For the user, when all are over.</summary>
    public readonly CloseReport Report => new(_sent, _acknowledged, _notDelivered, _inDoubt);

    /// <summary>A link is over.</summary>
    public void Add(LinkEnd end)
    {
        _sent += end.Sent + end.Unsent;
        _acknowledged += end.Acknowledged;
        _notDelivered += end.Unsent + (end.IsExact ? end.Sent - end.Acknowledged : 0);
        _inDoubt += end.InDoubt;
    }

    /// <summary>A message that was taken over from its sender will not be handed to anybody.</summary>
    public void AddUndelivered()
    {
        _sent++;
        _notDelivered++;
    }
}
