namespace Fairlead;

/// <summary>
/// All locks of the process in the order in which they are taken: inside one, only those that stand behind it. In Debug builds
/// <see cref="LockOrder"/> checks it. The table of docs/design/locking.md has the same order.
/// </summary>
/// <remarks>A lock that waits with <see cref="Monitor"/> is not among them: nothing else is taken inside it.</remarks>
internal enum LockRank : byte
{
    /// <summary>No lock.</summary>
    None,

    /// <summary>What is attached to a wait set: one at a time, and none once the set is torn down.</summary>
    WaitSetItems,

    /// <summary>The items that wait, the workers, and what each worker has.</summary>
    WorkQueue,

    /// <summary>The last messages of each topic, with the audience of the next one.</summary>
    PublisherHistory,

    /// <summary>The surveys that are open.</summary>
    Surveys,

    /// <summary>The responders that one survey has asked.</summary>
    Survey,

    /// <summary>The patterns that were asked for.</summary>
    Subscriptions,

    /// <summary>The timer of one call: a late tick leaves the next use of the operation alone.</summary>
    OperationExpiry,

    /// <summary>The endpoint: the pump's role, the table of links, received messages, waiting receivers.</summary>
    EndpointGate,

    /// <summary>What the user is still to be told of the peer.</summary>
    StateChanges,

    /// <summary>What is ready, and the threads that wait in the set.</summary>
    WaitSet,

    /// <summary>The making of the memory that many peers read.</summary>
    BroadcastHolder,

    /// <summary>The sending half of a link: window, queue, pending calls, output, close.</summary>
    LinkSending,

    /// <summary>The messages of a link whose senders wait for the user's answer.</summary>
    MessagesInHand,

    /// <summary>The lease of one message, and whether its sender was answered.</summary>
    Message,

    /// <summary>Connections that were not accepted yet.</summary>
    InprocAccept,

    /// <summary>The inbox of one end.</summary>
    InprocInbox,

    /// <summary>Whether there is a connection, and whether the listener is closed.</summary>
    FifoPlace,

    /// <summary>The sessions of a bound socket, by their remote addresses.</summary>
    UdpDemultiplexer,

    /// <summary>The datagrams of one remote address.</summary>
    UdpPeer,

    /// <summary>The stream of one reliable session: window, timer, end.</summary>
    ReliableUdp,

    /// <summary>Sessions that were not accepted yet, and sockets that are being given back.</summary>
    ReliableUdpAccept,

    /// <summary>The leases of a ring, returned in any order.</summary>
    RingLeases,

    /// <summary>The seats of a broadcast ring, and where the next message goes.</summary>
    BroadcastSeats,

    /// <summary>Which records of a named position the user has returned.</summary>
    LogPositions,

    /// <summary>Where a follower reads, and whether it is closed.</summary>
    LogFollower,

    /// <summary>The threads that work for an open log, and whether it is closed.</summary>
    MappedLog,

    /// <summary>The making and removing of segments, in this process.</summary>
    LogStore,

    /// <summary>How far a log is on the disk.</summary>
    LogSynchronizer,

    /// <summary>This process's file in each runtime directory.</summary>
    Participant,

    /// <summary>The writing of a cell, and the claim to it.</summary>
    SharedCell,

    /// <summary>The cells of a board that this process knows, and those that it writes.</summary>
    SharedBoard,

    /// <summary>The writing of a cell of a board.</summary>
    BoardClaim,

    /// <summary>The seat of this process at a barrier.</summary>
    BarrierCore,

    /// <summary>Whether a writer has left.</summary>
    WriteHold,

    /// <summary>The threads that sleep for asynchronous callers, and their words.</summary>
    TurnThreads,

    /// <summary>The threads of this process that sleep on words of shared memory.</summary>
    Sleep,

    /// <summary>The locks that are open in this process.</summary>
    OpenLocks,

    /// <summary>The starting of a keeper's thread.</summary>
    KeeperStart,

    /// <summary>The list by which the kernel finds this process's words when it ends.</summary>
    Keeper,

    /// <summary>The stays in a recursive mutex.</summary>
    MutexHold,

    /// <summary>The watch for the end of a keeper of another process.</summary>
    KeeperWatch,

    /// <summary>The starting of the thread that starts tied children.</summary>
    SpawnerThread,

    /// <summary>The taking of a child's end, and the watch for it.</summary>
    ChildProcess,

    /// <summary>The children whose stops are reported.</summary>
    StoppedChildren,

    /// <summary>The watch for a process's end.</summary>
    ProcessHandle,

    /// <summary>The signals that were received and not taken.</summary>
    SignalListener,

    /// <summary>Which listener receives a blocked signal.</summary>
    BlockedSignals,

    /// <summary>What was set before a signal was ignored.</summary>
    SignalDispositions,

    /// <summary>What the process was started with.</summary>
    InheritedDescriptors,

    /// <summary>The sockets of the service manager.</summary>
    ActivationSockets,

    /// <summary>Descriptors that may be opened once by number.</summary>
    OfferedDescriptors,

    /// <summary>The waiter of a stream over a pipe or socket.</summary>
    DescriptorStream,

    /// <summary>The making of the process's reactor.</summary>
    SharedReactor,

    /// <summary>Whether a descriptor is armed in the reactor, and its callback is running.</summary>
    Registration,

    /// <summary>Asynchronous callers that are to be told.</summary>
    Continuations,

    /// <summary>What was left for a later round.</summary>
    Rounds,

    /// <summary>When an event was last told.</summary>
    EventPacer,

    /// <summary>Objects for the next use.</summary>
    ObjectPool,

    /// <summary>Memory for batches of datagrams.</summary>
    DatagramPool,

    /// <summary>Memory for segments.</summary>
    SegmentPool,

    /// <summary>Memory for busy senders.</summary>
    WriteBuffers,

    /// <summary>Memory for received messages.</summary>
    ChunkPool,
}
