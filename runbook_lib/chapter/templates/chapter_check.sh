#!/bin/bash
n=`ps -C openresty --no-header |wc -l` # 得到openresty进程的个数
if [ $n -eq 0 ];then # 如果为0
 /usr/local/openresty/bin/openresty  # 尝试启动openresty
 sleep 2  # 睡眠2秒
 if [ `ps -C openresty --no-header |wc -l` -eq 0 ];then  # 启动之后,再次检查openresty进程的个数是否等于0
 killall keepalived  # 如果还为0杀死keepalived进程,让其他的机器来提供服务
 fi
fi
