namespace Fairlead.Rpc.Calls;

/// <summary>The replies of a server that are not results.</summary>
internal static class Replies
{
    /// <summary>Sends the contract, or several.</summary>
    public static void Describe(Request request, ReplyStatus status, params ReadOnlySpan<RpcDescription> contracts)
    {
        RpcWriter reply = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            reply.WriteByte((byte)status);
            foreach (RpcDescription contract in contracts)
            {
                contract.Write(ref reply);
            }

            request.Reply(reply.Written);
        }
        finally
        {
            reply.Dispose();
        }
    }

    /// <summary>Sends an exception of the service.</summary>
    public static void Fail(Request request, Exception exception, RpcServerOptions options)
    {
        RpcWriter reply = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            reply.WriteByte((byte)ReplyStatus.Failed);
            RpcException.Write(ref reply, exception, options);
            request.Reply(reply.Written);
        }
        finally
        {
            reply.Dispose();
        }
    }

    /// <summary>Sends a result, or a part of it.</summary>
    /// <returns>Not null: the caller does not accept so long a reply, and has been told.</returns>
    public static FairleadException? Send(Request request, ReadOnlySpan<byte> reply)
    {
        try
        {
            request.Reply(reply);
            return null;
        }
        catch (FairleadException tooLong) when (tooLong.Code == ErrorCode.TooLarge)
        {
            FailAsTooLong(request, tooLong);
            return tooLong;
        }
    }

    /// <summary>Says that the call was executed, and that its caller does not accept a result of that length.</summary>
    /// <remarks>The limit is the caller's. As a failure of the service, the error would hide it.</remarks>
    public static void FailAsTooLong(Request request, FairleadException tooLong) =>
        request.Fail(
            ErrorCode.TooLarge,
            $"the result is longer than the caller accepts: {tooLong.WhatHappened}. Raise ?maxmessage= at the caller");

    /// <summary>Says that nothing was executed.</summary>
    public static void Refuse(Request request, ErrorCode code, string text)
    {
        RpcWriter reply = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            reply.WriteByte((byte)ReplyStatus.Refused);
            reply.WriteInt32((int)code);
            reply.WriteMessage(text);
            request.Reply(reply.Written);
        }
        finally
        {
            reply.Dispose();
        }
    }

    /// <summary>Says that nothing was executed because the server ends.</summary>
    public static void RefuseAtEnd(Request request) => Refuse(request, ErrorCode.Unavailable, "the server is about to end");

    /// <summary>Says that a call, which has not been executed, has waited for its turn as long as its caller allows.</summary>
    public static void RefuseInTime(Request request) =>
        Refuse(request, ErrorCode.Timeout, "the call has waited at the server as long as its caller allows, and was not executed");

    /// <summary>Fails a call whose caller has given up, or whose time has passed here before it has there.</summary>
    public static void FailInTime(Request request) =>
        request.Fail(ErrorCode.Timeout, "the call has not ended in the time that its caller allows");

    /// <summary>Fails a frame of a stream whose call has not come. Servers that share a queue of a broker share the frames, too.</summary>
    public static void FailWithoutCall(Request request) =>
        request.Fail(
            ErrorCode.NotFound,
            "the call of this stream has not come to this server; servers that share a queue of a broker need one each for streams");
}
