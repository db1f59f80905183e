using Fairlead.Patterns.Links.Session;

namespace Fairlead.Patterns.Working;

/// <summary>A worker of a work queue. Under the queue's gate.</summary>
internal sealed class WorkPlace(Link link)
{
    public Link Link { get; } = link;

    /// <summary>How many items it has.</summary>
    public int InHand { get; set; }

    /// <summary>How many of them were taken over from it. It gets no more until it has answered for them.</summary>
    public int Late { get; set; }
}
