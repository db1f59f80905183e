using Fairlead.Native.Processes;
using Fairlead.Registry;

namespace Fairlead.Tests.Registry;

/// <summary>Which names are retried, and which are refused at once.</summary>
public sealed class EndingHolderTests
{
    // Beyond the kernel's range: a process that never exists.
    private const int Gone = int.MaxValue;

    private int _attempts;

    [Fact]
    public void A_name_is_tried_again_when_its_holder_has_ended_since() =>
        Assert.Equal("taken", EndingHolder.Outlast(() => HeldOnceBy(Gone), isHeldByDescriptors: false));

    [Fact]
    public void A_name_is_tried_again_when_no_holder_was_found() =>
        Assert.Equal("taken", EndingHolder.Outlast(() => HeldOnceBy(null), isHeldByDescriptors: false));

    /// <summary>Its registry entry is unlocked before its other files are closed.</summary>
    [Fact]
    public void A_name_is_tried_again_while_its_dying_holder_is_no_longer_visible() =>
        Assert.Equal("taken", EndingHolder.Outlast(HeldForLong, isHeldByDescriptors: false));

    [Fact]
    public void A_living_holder_ends_the_attempts_immediately()
    {
        Assert.Throws<FairleadException>(() =>
            EndingHolder.Outlast<string>(() => throw HeldBy(NativeProcess.ParentId), isHeldByDescriptors: false));
        Assert.Equal(1, _attempts);
    }

    private string HeldOnceBy(int? pid) => _attempts == 0 ? throw HeldBy(pid) : "taken";

    private string HeldForLong() => _attempts switch
    {
        0 => throw HeldBy(Gone),
        < 8 => throw HeldBy(null),
        _ => "taken",
    };

    private FairleadException HeldBy(int? pid)
    {
        _attempts++;
        return new FairleadException(ErrorCode.AlreadyExists, "is held", "Choose another name.") { Peer = new Peer { ProcessId = pid } };
    }
}
