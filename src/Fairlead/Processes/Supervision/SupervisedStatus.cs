namespace Fairlead.Processes;

/// <summary>The state of a supervised child.</summary>
public enum SupervisedStatus
{
    /// <summary>It does not run, and will be started.</summary>
    Waiting,

    /// <summary>It runs, shorter than <see cref="SupervisedChild.ReadyAfter"/>.</summary>
    Running,

    /// <summary>It has run for <see cref="SupervisedChild.ReadyAfter"/>.</summary>
    Ready,

    /// <summary>The supervisor has asked it to end.</summary>
    Stopping,

    /// <summary>It has ended, and will not be started.</summary>
    Stopped,

    /// <summary>It has failed too often, and will not be started.</summary>
    GivenUp,
}
