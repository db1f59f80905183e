namespace Fairlead.Patterns.Links;

/// <content>Whether a message would find room.</content>
internal sealed partial class Link
{
    /// <summary>Whether a short message could be sent at once.</summary>
    public bool HasRoom()
    {
        bool hasRoom;
        bool needsPump = false;
        using (HoldSending())
        {
            hasRoom = CanSend(1) == LinkOutcome.Sent;
            if (!hasRoom && IsDeferred)
            {
                needsPump = FlushNow();
                hasRoom = CanSend(1) == LinkOutcome.Sent;
            }
        }

        if (needsPump)
        {
            _endpoint.RequestPump();
        }

        return hasRoom;
    }
}
