namespace Fairlead;

/// <summary>The locks of the library and of the named handles, in the order of their taking: inside one, only later ones.</summary>
/// <remarks>
/// In Debug builds <see cref="LockOrder"/> checks this order. The table in docs/design/locking.md has the same order. A lock that waits
/// with <see cref="Monitor"/> is not listed, because no other lock is taken inside it.
/// </remarks>
internal enum LockRank : byte
{
    /// <summary>No lock.</summary>
    None,

    /// <summary>The named objects that this process has open.</summary>
    NamedObjects,

    /// <summary>The wait of a registered callback for a named object, and the signal taken for the callback.</summary>
    NamedPump,

    /// <summary>The directories of maps that this process watches.</summary>
    MapSweeper,

    /// <summary>The named files that this process has mapped.</summary>
    FileMaps,

    /// <summary>The connection of a pipe stream, and its state.</summary>
    PipeStream,

    /// <summary>The next client of an instance of a pipe.</summary>
    PipeEntrance,

    /// <summary>The sockets at paths on which pipes of this process wait for clients.</summary>
    PathServers,

    /// <summary>The attachments of a wait set: one at a time, and none once the set is disposed.</summary>
    WaitSetItems,

    /// <summary>The waiting items, the workers, and the items of each worker.</summary>
    WorkQueue,

    /// <summary>The last messages of each topic, and the audience of the next one.</summary>
    PublisherHistory,

    /// <summary>The open surveys.</summary>
    Surveys,

    /// <summary>The responders that one survey has asked.</summary>
    Survey,

    /// <summary>The patterns of a subscriber.</summary>
    Subscriptions,

    /// <summary>The timer of one call: a late tick must not affect the next use of the operation.</summary>
    OperationExpiry,

    /// <summary>The endpoint: the pump role, the table of links, received messages, waiting receivers.</summary>
    EndpointGate,

    /// <summary>The state changes not yet reported to the user.</summary>
    StateChanges,

    /// <summary>The ready items, and the threads that wait in the set.</summary>
    WaitSet,

    /// <summary>The creation of the memory that many peers read.</summary>
    BroadcastHolder,

    /// <summary>The sending half of a link: window, queue, pending calls, output, closing.</summary>
    LinkSending,

    /// <summary>The links of an endpoint, and those with deferred output.</summary>
    LinkTable,

    /// <summary>The messages of a link whose senders wait for the user's answer.</summary>
    MessagesInHand,

    /// <summary>The lease of one message, and whether its sender was answered.</summary>
    Message,

    /// <summary>The messages whose acknowledgement waits for their taker.</summary>
    HeldBack,

    /// <summary>The connections not yet accepted.</summary>
    InprocAccept,

    /// <summary>The receive queue of one end.</summary>
    InprocInbox,

    /// <summary>Whether there is a connection, and whether the listener is closed.</summary>
    FifoPlace,

    /// <summary>The sessions of a bound socket, by their remote addresses.</summary>
    UdpDemultiplexer,

    /// <summary>The datagrams of one remote address.</summary>
    UdpPeer,

    /// <summary>The stream of one reliable session: window, timer, end.</summary>
    ReliableUdp,

    /// <summary>The sessions not yet accepted, and the sockets being released.</summary>
    ReliableUdpAccept,

    /// <summary>The TLS handshakes in progress, and the connections not yet accepted.</summary>
    TlsAccept,

    /// <summary>The leases of a ring, returned in any order.</summary>
    RingLeases,

    /// <summary>The slots of a broadcast ring, and the position of the next message.</summary>
    BroadcastSlots,

    /// <summary>The items of a work queue that its store has.</summary>
    WorkStore,

    /// <summary>What a publisher has stored, and the subscribers that read it.</summary>
    StoredPublications,

    /// <summary>The records of a named position that the user has returned.</summary>
    LogPositions,

    /// <summary>The reading position of a follower, and whether it is closed.</summary>
    LogFollower,

    /// <summary>The threads that work for an open log, and whether it is closed.</summary>
    MappedLog,

    /// <summary>The creation and removal of segments in this process.</summary>
    LogStore,

    /// <summary>The part of a log that is on disk.</summary>
    LogSynchronizer,

    /// <summary>This process's file in each runtime directory.</summary>
    Participant,

    /// <summary>Writing to a cell, and the claim to it.</summary>
    SharedCell,

    /// <summary>The cells of a board that this process knows, and those that it writes.</summary>
    SharedBoard,

    /// <summary>The writing of a cell of a board.</summary>
    BoardClaim,

    /// <summary>The slot of this process at a barrier.</summary>
    BarrierCore,

    /// <summary>Whether a writer has left.</summary>
    WriteHold,

    /// <summary>The threads that sleep for asynchronous callers, and the words they sleep on.</summary>
    TurnThreads,

    /// <summary>The threads of this process that sleep on words of shared memory.</summary>
    Sleep,

    /// <summary>The locks open in this process.</summary>
    OpenLocks,

    /// <summary>The start of the thread that owns the robust list.</summary>
    KeeperStart,

    /// <summary>The robust list, by which the kernel finds this process's lock words when it ends.</summary>
    Keeper,

    /// <summary>The nesting of a recursive mutex.</summary>
    MutexHold,

    /// <summary>The watch for the end of another process's robust-list owner thread.</summary>
    KeeperWatch,

    /// <summary>The children of a supervisor, their states, and the callers that wait for their channels.</summary>
    ChildSupervisor,

    /// <summary>The start of the thread that spawns tied children.</summary>
    SpawnerThread,

    /// <summary>Reaping a child, and the watch for its end.</summary>
    ChildProcess,

    /// <summary>The children that were started and not collected, and the zombies seen.</summary>
    AdoptedChildren,

    /// <summary>The children whose stops are reported.</summary>
    StoppedChildren,

    /// <summary>The watch for a process's end.</summary>
    ProcessHandle,

    /// <summary>The signals received but not yet taken.</summary>
    SignalListener,

    /// <summary>Which listener receives a blocked signal.</summary>
    BlockedSignals,

    /// <summary>The dispositions from before a signal was ignored.</summary>
    SignalDispositions,

    /// <summary>The descriptors the process was started with.</summary>
    InheritedDescriptors,

    /// <summary>The sockets passed by the service manager.</summary>
    ActivationSockets,

    /// <summary>The descriptors that may be opened once by number.</summary>
    OfferedDescriptors,

    /// <summary>The folders that this process watches, and who is told.</summary>
    FolderWatches,

    /// <summary>The waiter of a stream over a pipe or socket.</summary>
    DescriptorStream,

    /// <summary>The creation of the process's reactor.</summary>
    SharedReactor,

    /// <summary>Whether a descriptor is armed in the reactor, and whether its callback is running.</summary>
    Registration,

    /// <summary>The asynchronous callers to complete.</summary>
    Continuations,

    /// <summary>The deferred work.</summary>
    DeferredWork,

    /// <summary>What is known of a peer that may be stopped.</summary>
    StoppedPeerWatch,

    /// <summary>When an event was last written.</summary>
    EventPacer,

    /// <summary>Pooled objects.</summary>
    ObjectPool,

    /// <summary>Memory for batches of datagrams.</summary>
    DatagramPool,

    /// <summary>Memory for segments.</summary>
    SegmentPool,

    /// <summary>The state of TLS: decrypting, and the end of sending.</summary>
    TlsState,

    /// <summary>The records of a TLS connection that the kernel has not taken yet.</summary>
    TlsRecords,

    /// <summary>Memory for long messages and busy senders.</summary>
    LargeBuffers,

    /// <summary>Memory for received messages.</summary>
    ChunkPool,
}
