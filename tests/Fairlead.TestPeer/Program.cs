using Fairlead.TestPeer.Verbs;
using Fairlead.TestPeer.Verbs.Locks;

namespace Fairlead.TestPeer;

/// <summary>
/// A real second process for the tests. The first argument is a verb; each verb is a file in Verbs, entered in the table here or, where it
/// is one of locks, in <see cref="LockVerbs"/>.
/// </summary>
internal static partial class Program
{
    // A verb gets the arguments behind its name and returns the exit code. It talks in lines: "ready" when the test may go on.
    private static readonly Dictionary<string, Func<string[], Task<int>>> Verbs = new(LockVerbs.All, StringComparer.Ordinal)
    {
        ["activated"] = ActivatedVerb.RunAsync,
        ["actor"] = ActorVerb.RunAsync,
        ["audience"] = AudienceVerb.RunAsync,
        ["board"] = BoardVerb.RunAsync,
        ["cell"] = CellVerb.RunAsync,
        ["checks"] = ChecksVerb.RunAsync,
        ["churn"] = ChurnVerb.RunAsync,
        ["cleaner"] = CleanerVerb.RunAsync,
        ["confirmed"] = ConfirmedVerb.RunAsync,
        ["faults"] = FaultsVerb.RunAsync,
        ["follower"] = FollowerVerb.RunAsync,
        ["guardian"] = GuardianVerb.RunAsync,
        ["headless"] = HeadlessVerb.RunAsync,
        ["heir"] = HeirVerb.RunAsync,
        ["keeping"] = KeepingVerb.RunAsync,
        ["loading"] = LoadingVerb.RunAsync,
        ["log"] = LogVerb.RunAsync,
        ["pair"] = PairVerb.RunAsync,
        ["parent"] = ParentVerb.RunAsync,
        ["participant"] = ParticipantVerb.RunAsync,
        ["polling"] = PollingVerb.RunAsync,
        ["producer"] = ProducerVerb.RunAsync,
        ["publisher"] = PublisherVerb.RunAsync,
        ["queue"] = QueueVerb.RunAsync,
        ["quiet"] = QuietVerb.RunAsync,
        ["receiver"] = ReceiverVerb.RunAsync,
        ["region"] = RegionVerb.RunAsync,
        ["regionchurn"] = RegionChurnVerb.RunAsync,
        ["requester"] = RequesterVerb.RunAsync,
        ["responder"] = ResponderVerb.RunAsync,
        ["scribbler"] = ScribblerVerb.RunAsync,
        ["sender"] = SenderVerb.RunAsync,
        ["server"] = ServerVerb.RunAsync,
        ["signals"] = SignalsVerb.RunAsync,
        ["socketfile"] = SocketFileVerb.RunAsync,
        ["spoiler"] = SpoilerVerb.RunAsync,
        ["starved"] = StarvedVerb.RunAsync,
        ["steady"] = SteadyVerb.RunAsync,
        ["subscriber"] = SubscriberVerb.RunAsync,
        ["tracer"] = TracerVerb.RunAsync,
        ["waiter"] = WaiterVerb.RunAsync,
        ["worker"] = WorkerVerb.RunAsync,
    };

    private static async Task<int> Main(string[] arguments)
    {
        // Only where an address needs it: peers also measure what they cost.
        if (Array.Exists(arguments, static argument => argument.StartsWith("amqp", StringComparison.Ordinal)))
        {
            RegisterBroker();
        }

        if (arguments.Length > 0 && Verbs.TryGetValue(arguments[0], out var run))
        {
            return await run(arguments[1..]);
        }

        await Console.Error.WriteLineAsync($"usage: Fairlead.TestPeer {string.Join('|', Verbs.Keys)} ARGUMENTS");
        return 2;
    }

    static partial void RegisterBroker();
}
