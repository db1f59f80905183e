namespace Fairlead.Processes;

/// <content>Orphans that become children of this process.</content>
public sealed partial class ChildProcess
{
    /// <summary>
    /// Collects the status of each orphan that the kernel gives to this process, and thereby removes its zombie. Disposing the result ends
    /// that.
    /// </summary>
    /// <remarks>
    /// The kernel gives orphans to pid 1 of a container and to child subreapers; in other processes this has no effect. Children that this
    /// class or <see cref="System.Diagnostics.Process"/> has started keep their status. Other code that starts children must collect them
    /// within a second of their end. In pid 1, once <see cref="System.Diagnostics.Process"/> has started a child, the runtime collects the
    /// children of this class as well, and their status is lost.
    /// </remarks>
    public static IDisposable CollectAdopted() =>
        AdoptedChildren.MayCome ? new AdoptedChildren.Collector() : new AdoptedChildren.NoCollector();
}
