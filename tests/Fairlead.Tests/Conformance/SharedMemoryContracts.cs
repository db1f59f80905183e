using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class SharedMemoryContracts
{
    [SlowRun]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new SharedMemoryUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new SharedMemoryUnderTest(), output);

    public sealed class Crash(ITestOutputHelper output) : CrashContract(new SharedMemoryUnderTest(), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new SharedMemoryUnderTest(), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new SharedMemoryUnderTest(), output);

    public sealed class Heartbeat(ITestOutputHelper output) : HeartbeatContract(new SharedMemoryUnderTest(), output);

    public sealed class Histories(ITestOutputHelper output) : HistoryContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class Hostile(ITestOutputHelper output) : HostileContract(new SharedMemoryUnderTest(), output);

    public sealed class HubPolicies(ITestOutputHelper output) : HubPolicyContract(new SharedMemoryUnderTest(), output);

    public sealed class Hubs(ITestOutputHelper output) : HubContract(new SharedMemoryUnderTest(), output);

    public sealed class Loans(ITestOutputHelper output) : LoanContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class Messages(ITestOutputHelper output) : MessageContract(new SharedMemoryUnderTest(), output);

    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new SharedMemoryUnderTest(), output);

    public sealed class Policies(ITestOutputHelper output) : PolicyContract(new SharedMemoryUnderTest(), output);

    public sealed class Process(ITestOutputHelper output) : ProcessContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class Reconnecting(ITestOutputHelper output) : ReconnectContract(new SharedMemoryUnderTest(), output);

    public sealed class Reasons(ITestOutputHelper output) : ReasonContract(new SharedMemoryUnderTest(), output);

    [SlowRun(Reason = "the restarts of a server in shared memory")]
    public sealed class Restarts(ITestOutputHelper output) : RestartContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new SharedMemoryUnderTest(), output);

    public sealed class SlowPeers(ITestOutputHelper output) : SlowPeerContract(new SharedMemoryUnderTest(), output);

    public sealed class SubscriberPolicies(ITestOutputHelper output) : SubscriberPolicyContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class Surveys(ITestOutputHelper output) : SurveyContract(new SharedMemoryUnderTest(), output);

    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new SharedMemoryUnderTest(), output);

    public sealed class WaitSets(ITestOutputHelper output) : WaitSetContract(new SharedMemoryUnderTest(), output);

    [SlowRun(Reason = "the kill test of workers in shared memory")]
    public sealed class WorkerCrashes(ITestOutputHelper output) : WorkerCrashContract(new SharedMemoryUnderTest(), output);

    public sealed class WorkQueues(ITestOutputHelper output) : WorkQueueContract(new SharedMemoryUnderTest(), output);
}
