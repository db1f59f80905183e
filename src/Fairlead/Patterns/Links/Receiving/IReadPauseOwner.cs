using Fairlead.Native;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>The owner of a <see cref="ReadPause"/>.</summary>
internal interface IReadPauseOwner
{
    /// <summary>Sets the events for which the poll set watches. Under the send lock.</summary>
    void SetInterest(PollEvents interest);

    /// <summary>Returns whether other peers have messages that a caller could take. Takes the endpoint's gate.</summary>
    bool HasMessagesBeside();
}
